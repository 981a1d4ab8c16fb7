// Runs a program in a copy of those files of the workspace that it may use.
//
//   run.mjs BASE MANIFEST ARG...
//
// Bazel's own trees are of symlinks, which Node, tsc and Jest follow out of the tree, where they then find no packages.
// The copy is an ordinary workspace: files are files, and node_modules has a link for each package.
//
// The manifest's paths are relative to BASE (left) or to the copy (right):
//   files: [[from, to]...]                 what to copy
//   links: [[at, to, isNpm]...]            links in node_modules: to npm's package, or to a folder of the copy
//   npm: a file beside npm's node_modules
//   entry_point, args, node_options, env   what to run; {stage} is the copy
//   outs: [[from, to]...]                  of an action: what to take from the copy to BASE when it has succeeded
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

const [base, manifestPath, ...more] = process.argv.slice(2);
const manifestText = readFileSync(manifestPath, 'utf8');
const { files, links, npm, entry_point, args, node_options = [], env, outs } = JSON.parse(manifestText);

if (outs === undefined) becomeProgram();
else runAction();

/** In a copy that goes away, and from there. */
function runAction() {
  const stage = realpathSync(mkdtempSync(join(tmpdir(), 'gorego-stage-')));
  try {
    fill(stage);
    const [program, ...words] = commandIn(stage);
    const { status, error } = spawnSync(program, words, { cwd: stage, env: environmentIn(stage), stdio: 'inherit' });
    if (error !== undefined) throw error;
    process.exitCode = status ?? 1;
    if (status === 0) takeOuts(stage);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/**
 * In a copy that stays in Bazel's output tree for next time. This process becomes the program, so that nothing stands
 * between it and the signals and the exit status of it.
 */
function becomeProgram() {
  const stages = `${dirname(base).replace(/\.runfiles$/, '')}.stages`;
  const stage = join(stages, keyOfFiles());
  if (!existsSync(stage)) {
    mkdirSync(stages, { recursive: true });
    const unfinished = mkdtempSync(join(stages, '.new-'));
    fill(unfinished);
    try {
      renameSync(unfinished, stage);
    } catch (error) {
      if (!existsSync(stage)) throw error;
      // Another process was first.
      rmSync(unfinished, { recursive: true });
    }
  }
  // As the real rules do: actions run in the root of the output tree.
  const { BAZEL_BINDIR } = process.env;
  if (BAZEL_BINDIR !== undefined) process.chdir(BAZEL_BINDIR);
  const [program, ...words] = commandIn(realpathSync(stage));
  process.execve(program, [program, ...words], environmentIn(stage));
}

/** Of what is in the files, by their sizes and times. */
function keyOfFiles() {
  const hash = createHash('sha256').update(manifestText);
  for (const path of [npm, ...files.map(([from]) => from)]) {
    const { size, mtimeMs } = statSync(join(base, path));
    hash.update(`${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

function fill(stage) {
  for (const [from, to] of files) {
    mkdirSync(dirname(join(stage, to)), { recursive: true });
    copyFileSync(join(base, from), join(stage, to));
  }
  const npmRoot = dirname(realpathSync(join(base, npm)));
  for (const [at, to, isNpm] of links) {
    const link = join(stage, at);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(isNpm ? realpathSync(join(npmRoot, to)) : relative(dirname(link), join(stage, to)), link);
  }
}

function commandIn(stage) {
  const fixed = args.map((arg) => arg.replaceAll('{stage}', stage));
  return [process.execPath, ...node_options, join(stage, entry_point), ...fixed, ...more];
}

function environmentIn(stage) {
  const own = Object.entries(env).map(([name, value]) => [name, value.replaceAll('{stage}', stage)]);
  return { ...process.env, ...Object.fromEntries(own) };
}

function takeOuts(stage) {
  for (const [from, to] of outs) {
    if (!existsSync(join(stage, from))) throw new Error(`${entry_point} did not write ${from}`);
    copyFileSync(join(stage, from), join(base, to));
  }
}
