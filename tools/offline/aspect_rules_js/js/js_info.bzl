"""What JavaScript targets know of each other."""

JsInfo = provider(
    doc = "Files and links of a target and of all it depends on.",
    fields = {
        "links": "depset of struct(at, to, is_npm): links in node_modules. What is_npm is below @npm, else in this workspace",
        "sources": "depset of the files that running it takes",
        "types": "depset of the files that compiling against it takes",
    },
)

def js_info(targets, sources = [], types = [], links = []):
    """The JsInfo of a target.

    Args:
      targets: what it depends on; those without JsInfo don't matter.
      sources: its own.
      types: its own.
      links: its own.
    Returns:
      A JsInfo.
    """
    infos = [target[JsInfo] for target in targets if JsInfo in target]
    return JsInfo(
        links = depset(links, transitive = [info.links for info in infos]),
        sources = depset(sources, transitive = [info.sources for info in infos]),
        types = depset(types, transitive = [info.types for info in infos]),
    )
