#!/usr/bin/env bash
# Runs a cacheable task twice by Gradle (6 or newer), without its local cache.
set -euo pipefail
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
cat >settings.gradle <<END
buildCache {
    local { enabled = false }
    remote(HttpBuildCache) {
        url = '${GOREGO:-http://127.0.0.1:8980}/cache/'
        allowInsecureProtocol = true
        push = true
    }
}
END
cat >build.gradle <<END
@CacheableTask
abstract class Say extends DefaultTask {
    @Input abstract Property<String> getWords()
    @OutputFile abstract RegularFileProperty getFile()
    @TaskAction void say() { file.get().asFile.text = words.get() }
}
tasks.register('say', Say) {
    words = 'example $RANDOM$RANDOM'
    file = layout.projectDirectory.file('said.txt')
}
END
for time in first second; do
  rm -f said.txt
  echo "the $time time:" $(gradle --no-daemon --build-cache --console=plain say 2>&1 | grep '> Task :say')
done
