"""Static files in production: hashed names, compressed once by `collectstatic`."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedModules(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Names files by their hash, also where a JavaScript module imports another.

    So a browser keeps every file for ever and never mixes two versions; no import map is needed, which would be an
    inline script that the Content-Security-Policy forbids.
    """

    support_js_module_import_aggregation = True
    # Of our own modules: files of dependencies may name modules that they do not bring.
    _js_module_import_aggregation_patterns = (
        "js/*.js",
        CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],
    )
    max_post_process_passes = 12  # one for each step of the longest chain of imports, and some more
