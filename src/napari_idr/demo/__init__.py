"""The embedded repository: an HTTP server that speaks the IDR's protocols over data it makes itself."""
