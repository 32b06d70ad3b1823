"""Ontology terms kept on this computer, found by any of their names: SQLite's full-text index (FTS5) over a table."""

from __future__ import annotations

import re
import sqlite3
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from napari_idr.errors import FormatError, NotKept
from napari_idr.formats.model_json import decode, encode
from napari_idr.model.ontology import OntologyTerm, accession_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

VERSION = 1
"""Of the tables; a file of another version is begun anew: all of it can be fetched again but what was used last."""
_TABLES = f"""
CREATE TABLE IF NOT EXISTS terms (
    accession TEXT PRIMARY KEY, ontology TEXT NOT NULL, body TEXT NOT NULL, used INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS ix_terms_used ON terms (used);
CREATE TABLE IF NOT EXISTS releases (
    ontology TEXT PRIMARY KEY, release TEXT NOT NULL, fetched TEXT NOT NULL, terms INTEGER NOT NULL,
    source TEXT NOT NULL
);
CREATE VIRTUAL TABLE IF NOT EXISTS names USING fts5 (
    name, accession UNINDEXED, tokenize = "unicode61 remove_diacritics 2", prefix = '2 3'
);
PRAGMA user_version = {VERSION};
"""
MOST_MATCHES = 400
"""Names looked at for one question; the ranking is made of these."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class TermHit:
    """A term that a text may mean, and why."""

    term: OntologyTerm
    matched: str = ""
    """The synonym that was found, "" where it was the label."""
    instead_of: str = ""
    """Label of the obsolete term that was found, which this one replaces."""
    is_recent: bool = False


@dataclass(frozen=True, slots=True)
class KeptRelease:
    """An ontology that is kept whole."""

    ontology: str
    release: str
    fetched: datetime
    terms: int
    source: str
    """Address of the service it was fetched from."""


class TermIndex:
    """Terms in a file; thread-safe. Its methods take milliseconds.

    Parameters
    ----------
    path
        Made where there is none. A file that is damaged is set aside and a new one begun.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        try:
            self._connection = self._open()
        except sqlite3.DatabaseError:
            try:
                path.replace(path.with_name(f"{path.stem}-damaged{path.suffix}"))
                self._connection = self._open()
            except (OSError, sqlite3.Error) as error:
                raise self._not_kept(error) from error
        except OSError as error:
            raise self._not_kept(error) from error

    def find(self, text: str, limit: int = 20) -> list[TermHit]:
        """Return the terms that a text may mean: those used last first, then the closest.

        Every word has to begin a word of the label or of one synonym, or the text is an accession. Nothing typed gives
        what was used last. Obsolete terms are not there; what replaced them is.
        """
        with self._lock:
            wanted = accession_of(text.strip().replace(" ", "_"))
            matches = {wanted.upper(): wanted, wanted: wanted} if wanted else {}
            matches |= self._matches(text)
            rows = self._rows(matches) if text.strip() else self._recent(limit)
            hits = [hit for body, used in rows if (hit := self._hit(body, used, text, matches)) is not None]
        ranked = sorted(hits, key=lambda hit: self._rank(hit, text)) if text.strip() else hits
        return list({hit.term.accession: hit for hit in reversed(ranked)}.values())[::-1][:limit]

    def term(self, accession: str) -> OntologyTerm | None:
        """Return a term that is kept, None where it is not."""
        with self._lock:
            row = self._connection.execute("SELECT body FROM terms WHERE accession = ?", (accession,)).fetchone()
        return None if row is None else decode(OntologyTerm, row[0], on=accession)

    def everything(self) -> list[OntologyTerm]:
        """Return all terms that are kept."""
        with self._lock:
            rows = self._connection.execute("SELECT accession, body FROM terms ORDER BY accession").fetchall()
        return [decode(OntologyTerm, body, on=accession) for accession, body in rows]

    def keep(self, terms: Iterable[OntologyTerm]) -> None:
        """Keep terms, in place of what was kept under the same accessions. Raises ``NotKept``."""
        with self._lock, self._writing():
            for term in terms:
                self._put(term)

    def keep_whole(self, ontology: str, release: str, terms: Iterable[OntologyTerm], source: str) -> None:
        """Keep all terms of an ontology, with its release and now as the date. Raises ``NotKept``."""
        terms = tuple(terms)
        fetched = datetime.now(UTC).isoformat()
        with self._lock, self._writing():
            for term in terms:
                self._put(term)
            row = (ontology, release, fetched, len(terms), source)
            self._connection.execute("INSERT OR REPLACE INTO releases VALUES (?, ?, ?, ?, ?)", row)

    def use(self, term: OntologyTerm) -> None:
        """Keep a term, and remember that it was used last. Raises ``NotKept``."""
        with self._lock, self._writing():
            self._put(term)
            # A counter, not the clock: one that jumps would shuffle what is recent.
            self._connection.execute(
                "UPDATE terms SET used = 1 + (SELECT max(used) FROM terms) WHERE accession = ?", (term.accession,)
            )

    def releases(self) -> tuple[KeptRelease, ...]:
        """Return the ontologies that are kept whole."""
        with self._lock:
            rows = self._connection.execute("SELECT * FROM releases ORDER BY ontology").fetchall()
        return tuple(KeptRelease(one[0], one[1], datetime.fromisoformat(one[2]), one[3], one[4]) for one in rows)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    # -- rows

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=3, check_same_thread=False, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            if connection.execute("PRAGMA user_version").fetchone()[0] not in (0, VERSION):
                raise sqlite3.DatabaseError("it is of another release")
            connection.executescript(_TABLES)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _writing(self) -> _Transaction:
        return _Transaction(self._connection, self._not_kept)

    def _not_kept(self, error: Exception) -> NotKept:
        return NotKept(
            f"Terms cannot be kept: {error}", str(self._path), "free some disk space, or close other programs"
        )

    def _put(self, term: OntologyTerm) -> None:
        execute = self._connection.execute
        execute(
            "INSERT INTO terms (accession, ontology, body) VALUES (?, ?, ?) "
            "ON CONFLICT (accession) DO UPDATE SET body = excluded.body",
            (term.accession, term.ontology, encode(term)),
        )
        execute("DELETE FROM names WHERE accession = ?", (term.accession,))
        names = [(_sayable(name), term.accession) for name in (term.label, *term.synonyms)]
        self._connection.executemany("INSERT INTO names (name, accession) VALUES (?, ?)", names)

    def _matches(self, text: str) -> dict[str, str]:
        """Return the name that matches by accession, the best of each."""
        words = _WORD.findall(_sayable(text))
        if not words:
            return {}
        question = " ".join(f'"{word}"*' for word in words)
        rows = self._connection.execute(
            "SELECT accession, name FROM names WHERE names MATCH ? ORDER BY length(name) LIMIT ?",
            (question, MOST_MATCHES),
        )
        matches: dict[str, str] = {}
        for accession, name in rows:
            matches.setdefault(accession, name)
        return matches

    def _rows(self, accessions: Iterable[str]) -> list[tuple[str, int]]:
        wanted = list(accessions)
        marks = ", ".join("?" * len(wanted))
        return self._connection.execute(f"SELECT body, used FROM terms WHERE accession IN ({marks})", wanted).fetchall()

    def _recent(self, limit: int) -> list[tuple[str, int]]:
        question = "SELECT body, used FROM terms WHERE used ORDER BY used DESC LIMIT ?"
        return self._connection.execute(question, (limit,)).fetchall()

    def _hit(self, body: str, used: int, text: str, matches: dict[str, str]) -> TermHit | None:
        try:
            term = decode(OntologyTerm, body)
        except FormatError:
            return None  # of a newer release; the service still has it
        if term.is_obsolete:
            other = self.term(term.replaced_by) if term.replaced_by else None
            return None if other is None or other.is_obsolete else TermHit(other, instead_of=term.label)
        return TermHit(term, _synonym(term, matches.get(term.accession, "")), is_recent=used > 0)

    def _rank(self, hit: TermHit, text: str) -> tuple[object, ...]:
        typed = text.strip().casefold()
        name = (hit.matched or hit.instead_of or hit.term.label).casefold()
        exact, begins = name == typed, name.startswith(typed)
        return not exact, not hit.is_recent, not begins, bool(hit.matched or hit.instead_of), len(name), name


class _Transaction:
    """All of it, or nothing; SQLite's complaints in our words."""

    def __init__(self, connection: sqlite3.Connection, error: Any) -> None:
        self._connection, self._error = connection, error

    def __enter__(self) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise self._error(error) from error

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        try:
            self._connection.execute("COMMIT" if error is None else "ROLLBACK")
        except sqlite3.Error as failure:
            raise self._error(failure) from failure
        if isinstance(error, sqlite3.Error):
            raise self._error(error) from error


def _synonym(term: OntologyTerm, name: str) -> str:
    """Return the synonym that was found, "" where the label says it too."""
    found = next((one for one in term.synonyms if _sayable(one) == name), "")
    return "" if _sayable(term.label) == name else found


def _sayable(text: str) -> str:
    """Return a text that SQLite takes: half a surrogate pair is no character."""
    return text.encode("utf-8", "replace").decode().replace("\0", " ")
