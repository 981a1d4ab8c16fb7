#!/usr/bin/env bash
# Runs a cacheable task twice by Gradle (4 or newer), without its local cache.
set -euo pipefail
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
cat >settings.gradle <<END
buildCache {
    local { enabled = false }
    remote(HttpBuildCache) {
        url = '${GOREGO:-http://127.0.0.1:8980}/cache/'
        push = true
        if (hasProperty('allowInsecureProtocol')) allowInsecureProtocol = true
    }
}
END
cat >build.gradle <<END
@CacheableTask
class Say extends DefaultTask {
    @Input String words
    @OutputFile File file
    @TaskAction void say() { file.text = words }
}
tasks.create('say', Say) {
    words = 'example $RANDOM$RANDOM'
    file = project.file('said.txt')
}
END
for time in first second; do
  rm -f said.txt
  echo "the $time time:" $(gradle --no-daemon --build-cache --console=plain say 2>&1 | grep ':say')
done
