#!/usr/bin/env bash
# Builds a jar twice by Maven (3.9 or newer), with its local build cache removed in between.
set -euo pipefail
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
mkdir -p .mvn src/main/java
cat >.mvn/extensions.xml <<END
<extensions><extension>
  <groupId>org.apache.maven.extensions</groupId>
  <artifactId>maven-build-cache-extension</artifactId>
  <version>1.2.0</version>
</extension></extensions>
END
cat >.mvn/maven-build-cache-config.xml <<END
<cache xmlns="http://maven.apache.org/BUILD-CACHE-CONFIG/1.2.0"><configuration>
  <remote enabled="true" saveToRemote="true" id="gorego">
    <url>${GOREGO:-http://127.0.0.1:8980}/maven</url>
  </remote>
</configuration></cache>
END
cat >pom.xml <<END
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId><artifactId>app</artifactId><version>1</version>
  <properties>
    <maven.compiler.release>17</maven.compiler.release>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
</project>
END
echo "class Example { String text = \"$RANDOM$RANDOM\"; }" >src/main/java/Example.java
for time in first second; do
  rm -rf target cache
  output=$(mvn -B -Dmaven.build.cache.location="$directory/cache" package)
  echo "the $time time: $(grep -c 'Skipping plugin execution (cached)' <<<"$output" || true) steps from the cache"
done
