"""ProtoInfo, as far as goREgo uses it."""

ProtoInfo = provider(
    doc = "What a proto_library compiles.",
    fields = {
        "imports": "dictionary of import path to File: this library's and its dependencies'",
        "transitive_descriptor_sets": "depset of files: this library's and its dependencies'",
    },
)
