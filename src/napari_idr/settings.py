"""What can be set: defaults < environment (``NAPARI_IDR_…``) < napari's plugin configuration."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pydantic resolves the annotation
from typing import TYPE_CHECKING, Annotated, Any

from platformdirs import user_cache_path, user_config_path, user_data_path
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from napari_idr.errors import NapariIdrError

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "NAPARI_IDR_"
MOST_MEMORY_MB = 4096
"""Megabytes of memory for pixels on a large machine, unless more is asked for."""
LEAST_MEMORY_MB = 16
"""Less could not hold the chunks of one plane."""


class Settings(BaseSettings):
    """Bounds, folders and servers of a session.

    Raises
    ------
    NapariIdrError
        If a value is out of its bounds; one sentence names it, the value, and what it may be.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    cache_dir: Path = Field(
        default_factory=lambda: user_cache_path("napari-idr", appauthor=False),
        description="folder for what is kept between sessions",
    )
    data_dir: Path = Field(
        default_factory=lambda: user_data_path("napari-idr", appauthor=False),
        description="folder for what you make: annotations, verdicts, ontology terms",
    )
    workspace: str = Field(
        "",
        pattern=r"^(sqlite:///.+|postgresql\+psycopg://.+)?$",
        description="database for what you make; empty: a file in data_dir; a postgresql+psycopg:// address: a team's",
    )
    ontologies: str = Field(
        "https://www.ebi.ac.uk/ols4/", pattern=r"^(?i:https?)://\S+$", description="where ontology terms are looked up"
    )
    config_dir: Path = Field(
        default_factory=lambda: user_config_path("napari-idr", appauthor=False),
        description="folder for what the user set up: the list of servers",
    )
    ram_cache_mb: int = Field(
        0, ge=0, le=1 << 20, description="megabytes of memory for pixels; 0: a quarter of what there is, at most 4096"
    )
    disk_cache_mb: int = Field(
        5120, ge=0, le=1 << 24, description="megabytes on disk for what servers answered; 0 keeps nothing"
    )
    graphics_memory_mb: int = Field(
        512, ge=16, le=1 << 20, description="megabytes of the graphics card's memory for volumes in 3-D"
    )
    parallel_requests: int = Field(16, ge=1, le=64, description="requests to an object store at a time")
    connect_timeout: float = Field(5, ge=0.1, le=300, description="seconds to wait for a connection")
    read_timeout: float = Field(20, ge=0.1, le=3600, description="seconds to wait for an answer to go on")
    server: str = Field(
        "https://idr.openmicroscopy.org/",
        pattern=r"^(?i:https?)://\S+$",
        description="the Image Data Resource, or a mirror of it",
    )
    servers: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="further servers and folders to show, separated by commas"
    )

    @property
    def ram_cache_bytes(self) -> int:
        """Bytes of memory for pixels."""
        if self.ram_cache_mb:
            return max(self.ram_cache_mb, LEAST_MEMORY_MB) << 20
        from psutil import virtual_memory

        return min(int(virtual_memory().total) // 4, MOST_MEMORY_MB << 20)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise _one_sentence(error) from error

    @field_validator("servers", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value

    @field_validator("cache_dir", "data_dir", "config_dir")
    @classmethod
    def _expand(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @classmethod
    def with_napari(cls, overrides: Mapping[str, Any]) -> Settings:
        """Return the settings with those of napari's plugin configuration on top.

        Empty values and keys that are not ours are passed over; ``napari-idr.ram_cache_mb`` means
        ``ram_cache_mb``. Raises ``NapariIdrError`` like the class.
        """
        names = {key: key.rpartition(".")[2] for key in overrides}
        given = {
            name: overrides[key]
            for key, name in names.items()
            if name in cls.model_fields and overrides[key] not in (None, "")
        }
        return cls(**given)


def _one_sentence(error: ValidationError) -> NapariIdrError:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "settings"
    problem = first["msg"][:1].lower() + first["msg"][1:]
    what = f"The setting {name} cannot be {first.get('input')!r:.80}"
    return NapariIdrError(what, problem, f"change it in the preferences or in {PREFIX}{name.upper()}")
