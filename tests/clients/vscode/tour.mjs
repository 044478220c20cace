// The main job in the real workbench: what a person sees and does with one C file.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { openWorkbench } from './workbench.mjs';

const settings = JSON.parse(process.argv[2]);
const { port, folder, file } = settings;
const lineOf = (text) => 1 + readFileSync(file, 'utf8').split('\n').findIndex((line) => line.includes(text));
const workbench = await openWorkbench({
    ...settings,
    payload: [['openFile', `vscode-remote://127.0.0.1:${port}${file}`]],
});

let failures = 0;

/** One thing a person does. The next one is tried even when this one failed: its failure may tell more. */
async function step(name, work) {
    const start = Date.now();
    try {
        await work();
        console.log(`ok   ${name} (${Date.now() - start} ms)`);
    } catch (error) {
        failures += 1;
        await workbench.picture(`failed-${failures}`);
        console.log(`FAIL ${name}: ${error.message}`);
    }
}

try {
    await step('the race is underlined', async () => {
        await workbench.see('.squiggly-error', undefined, 30_000);
    });
    await step('a code lens says which loop is parallel', async () => {
        await workbench.see('.codelens-decoration', /(?<!not )parallel/);
        await workbench.see('.codelens-decoration', /not parallel/);
    });
    await step('the status item counts', async () => {
        await workbench.see('.statusbar-item', /hpc-ls.*loop/);
        await workbench.picture('1-diagnostics');
    });
    await step('hover explains', async () => {
        await workbench.goTo(lineOf('y[i] = ') - 1, 6);
        await workbench.command('Show or Focus Hover');
        await workbench.see('.monaco-hover', /can run in parallel/);
        await workbench.picture('2-hover');
        await workbench.press('Escape');
    });
    await step('a quick fix repairs the race', async () => {
        await workbench.goTo(lineOf('total +='), 10);
        let fix;
        for (let attempts = 3; fix === undefined; attempts -= 1) {
            // The menu closes again where the editor takes the focus back just then.
            await workbench.press('Control+.');
            try {
                fix = await workbench.see('.action-widget .monaco-list-row', /reduction\(\+: ?total\)/);
            } catch (error) {
                if (attempts === 1) throw error;
                await workbench.press('Escape');
            }
        }
        await workbench.picture('3-quick-fix');
        await fix.click();
        await workbench.gone('.squiggly-error');
        await workbench.save();
        assert.match(readFileSync(file, 'utf8'), /#pragma omp parallel for reduction\(\+: ?total\)/);
        await workbench.picture('4-repaired');
    });
    await step('ghost text offers the pragma, Tab takes it', async () => {
        await workbench.goTo(lineOf('matrix product'), 1);
        await workbench.press('End');
        await workbench.press('Enter');
        await workbench.type('#pragma omp ');
        await workbench.see('[class*=ghost-text]', /parallel|for/);
        await workbench.picture('5-ghost-text');
        await workbench.press('Tab');
        await workbench.gone('[class*=ghost-text]');
        await workbench.save();
        assert.match(readFileSync(file, 'utf8'), /matrix product.*\n\s*#pragma omp parallel for[^\n]*\n\s*for/);
        await workbench.picture('6-taken');
    });
    await step('a half-typed pragma is finished', async () => {
        await workbench.goTo(lineOf('y[i] = ') - 2, 1);
        await workbench.press('End');
        await workbench.press('Enter');
        await workbench.type('#pragma omp par');
        await workbench.see('[class*=ghost-text]', /for/);
        await workbench.picture('7-half-typed');
        for (const key of ['Escape', 'Escape', 'Control+Shift+k']) await workbench.press(key);
        await workbench.save();
    });
    await step('the code lens inserts', async () => {
        const before = readFileSync(file, 'utf8').split('#pragma omp').length;
        const lens = await workbench.see('.codelens-decoration a', /insert/);
        await lens.click();
        await workbench.see('.tab.active.dirty');
        await workbench.save();
        assert.equal(readFileSync(file, 'utf8').split('#pragma omp').length, before + 1);
    });
    await step('the analysis opens as a page', async () => {
        await workbench.goTo(lineOf('y[i] = ') - 1, 6);
        await workbench.command('hpc-ls: Show the Analysis of This Loop');
        await workbench.see('.tab', /Analysis of the loop/);
        const page = workbench.page.frameLocator('iframe.webview').frameLocator('iframe');
        await page.locator('body', { hasText: /can run in parallel/ }).waitFor();
        await workbench.picture('8-analysis');
    });
    if (failures > 0) console.log(workbench.complaints.slice(-20).join('\n'));
} finally {
    await workbench.close();
}
process.exitCode = failures === 0 ? 0 : 1;
