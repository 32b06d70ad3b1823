"""Documents of a submission that say what its files are: tables for the IDR, lists for the BioImage Archive."""
