// Bundles the extension, or with --tests its unit tests, into dist/.
import { readdirSync } from 'node:fs';
import { build } from 'esbuild';

const common = { bundle: true, platform: 'node', format: 'cjs', target: 'node20', external: ['vscode'], logLevel: 'warning' };

if (process.argv.includes('--tests')) {
    const entryPoints = readdirSync('test').filter((name) => name.endsWith('.test.ts')).map((name) => `test/${name}`);
    await build({ ...common, entryPoints, outdir: 'dist/test', sourcemap: 'inline' });
} else {
    await build({ ...common, entryPoints: ['src/extension.ts'], outfile: 'dist/extension.js', minify: true });
}
