#!/usr/bin/env node
// Builds webapp/static/dist: stylesheets and scripts, minified, named by content, each with its
// .gz beside it, and manifest.json from plain name to built name.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { dirname, join, parse } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const STYLES = ['phone', 'tablet', 'tv']
// A phone's first pages are plain forms: they must be small and need no htmx.
const PLAIN_SCRIPTS = ['phone']
const HTMX_SCRIPTS = ['order', 'tablet', 'tv']
// As their authors publish them, ahead of our own modules, which find `htmx` in the window.
const HTMX_FILES = ['htmx.org/dist/htmx.min.js', 'htmx-ext-sse/dist/sse.min.js']

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const source = join(root, 'webapp/static/src')
const target = join(root, 'webapp/static/dist')
const fresh = target + '.new'

const { outputFiles } = await build({
  entryPoints: [
    ...STYLES.map(name => join(source, 'css', name + '.css')),
    ...[...PLAIN_SCRIPTS, ...HTMX_SCRIPTS].map(name => join(source, 'js', name + '.js')),
  ],
  entryNames: '[name]',
  outdir: fresh,
  write: false,
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2020',
  legalComments: 'none',
  logLevel: 'warning',
}).catch(() => process.exit(1))

const htmx = await Promise.all(HTMX_FILES.map(file => readFile(join(root, 'node_modules', file), 'utf8')))

// Loaded late: it takes over the process's error output.
const { gzipAsync } = await import('@gfx/zopfli')

await rm(fresh, { recursive: true, force: true })
await mkdir(fresh, { recursive: true })
const manifest = {}
await Promise.all(outputFiles.map(async ({ path, text }) => {
  const { base, name, ext } = parse(path)
  const isHtmxScript = ext === '.js' && HTMX_SCRIPTS.includes(name)
  const contents = Buffer.from(isHtmxScript ? [...htmx, text].join('\n') : text)
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 10)
  const built = `${name}-${hash}${ext}`
  const packed = await gzipAsync(contents, { numiterations: 5 })
  manifest[base] = built
  await writeFile(join(fresh, built), contents)
  await writeFile(join(fresh, built + '.gz'), packed)
  console.log(`${built}  ${contents.length} bytes, ${packed.length} gzipped`)
}))
const sorted = Object.fromEntries(Object.entries(manifest).sort())
await writeFile(join(fresh, 'manifest.json'), JSON.stringify(sorted, null, 2) + '\n')
await rm(target, { recursive: true, force: true })
await rename(fresh, target)
