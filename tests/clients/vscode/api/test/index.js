// Runs inside VS Code's extension host: asks the editor, not the server, what it would show.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');

const { commands, languages, window, workspace } = vscode;

async function until(what, ask, seconds = 15) {
    const end = Date.now() + seconds * 1000;
    let answer;
    while (Date.now() < end) {
        answer = await ask();
        if (answer) return answer;
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`waited in vain for ${what}; last answer: ${JSON.stringify(answer)}`);
}

const tests = [];
const test = (name, work) => tests.push({ name, work });

let document;
let editor;
let original;
const folder = () => workspace.workspaceFolders[0].uri.fsPath;
const lineOf = (text) => document.getText().split('\n').findIndex((line) => line.includes(text));
const races = () => languages.getDiagnostics(document.uri).filter((found) => String(found.code?.value ?? found.code).startsWith('race-'));
const titles = (actions) => actions.map((action) => action.title);
const lenses = async () => (await commands.executeCommand('vscode.executeCodeLensProvider', document.uri)).map((lens) => lens.command?.title ?? '');

/** Puts the text back that the file had. */
async function reset() {
    const whole = new vscode.Range(0, 0, document.lineCount, 0);
    await editor.edit((edit) => edit.replace(whole, original));
    assert.equal(document.getText(), original);
}

async function configure(name, value) {
    await workspace.getConfiguration('hpc-ls').update(name, value, vscode.ConfigurationTarget.Workspace);
}

test('a diagnostic has its rule and a link', async () => {
    const [race] = await until('a race', () => races().length > 0 && races());
    assert.equal(race.source, 'hpc-ls');
    assert.equal(race.code.value, 'race-missing-reduction');
    assert.match(race.code.target.toString(), /missing.reduction/);
    assert.equal(document.getText(race.range), 'total');
    assert.equal(race.severity, vscode.DiagnosticSeverity.Error);
});

test('a race of two accesses points at the other one, also in a buffer without a file', async () => {
    const content = 'void shift(int n, double *a) {\n#pragma omp parallel for\n    for (int i = 0; i < n - 1; i++)\n        a[i] = a[i + 1];\n}\n';
    const untitled = await workspace.openTextDocument({ language: 'c', content });
    const [race] = await until('a race', () => languages.getDiagnostics(untitled.uri).length > 0 && languages.getDiagnostics(untitled.uri));
    const [related] = race.relatedInformation;
    assert.deepEqual([untitled.getText(race.range), untitled.getText(related.location.range)], ['a[i]', 'a[i + 1]']);
    assert.match(related.message, /iteration/);
});

test('the quick fix is an exact edit, and the diagnostic goes', async () => {
    const [race] = races();
    const actions = await commands.executeCommand('vscode.executeCodeActionProvider', document.uri, race.range, vscode.CodeActionKind.QuickFix.value);
    const fix = actions.find((action) => action.title.includes('reduction(+:total)'));
    assert.ok(fix, titles(actions).join('; '));
    assert.ok(actions.some((action) => /ignore/i.test(action.title)), titles(actions).join('; '));
    await workspace.applyEdit(fix.edit);
    assert.equal(document.getText(), original.replace('#pragma omp parallel for\n', '#pragma omp parallel for reduction(+:total)\n'));
    await until('no race', () => races().length === 0);
    await reset();
});

test('hover tells the verdict', async () => {
    const at = new vscode.Position(lineOf('y[i] = ') - 1, 5);
    const hovers = await commands.executeCommand('vscode.executeHoverProvider', document.uri, at);
    const text = hovers.flatMap((hover) => hover.contents).map((content) => content.value ?? content).join('\n');
    assert.match(text, /can run in parallel/);
});

test('code lenses for every loop nest, and none when switched off', async () => {
    const shown = await until('lenses', async () => (await lenses()).length >= 4 && lenses());
    assert.ok(shown.some((title) => /^parallel .*insert$/.test(title)), shown.join('; '));
    assert.ok(shown.some((title) => /^not parallel/.test(title)), shown.join('; '));
    await configure('codeLens', false);
    await until('no lenses', async () => (await lenses()).length === 0);
    await configure('codeLens', undefined);
    await until('lenses again', async () => (await lenses()).length >= 4);
});

test('inlay hints show implicit sharing, and none when switched off', async () => {
    const whole = new vscode.Range(0, 0, document.lineCount, 0);
    const hints = () => commands.executeCommand('vscode.executeInlayHintProvider', document.uri, whole);
    const label = (hint) => (typeof hint.label === 'string' ? hint.label : hint.label.map((part) => part.value).join(''));
    const shown = await until('hints', async () => (await hints()).length > 0 && hints());
    assert.ok(shown.some((hint) => /shared/.test(label(hint)) && /total/.test(label(hint))), shown.map(label).join('; '));
    await configure('inlayHints', false);
    await until('no hints', async () => (await hints()).length === 0);
    await configure('inlayHints', undefined);
});

test('a rule can be left out by setting', async () => {
    await configure('ignore', ['race']);
    await until('no race', () => races().length === 0);
    await configure('ignore', undefined);
    await until('the race again', () => races().length === 1);
});

test('completion knows directives and clauses', async () => {
    const line = lineOf('#pragma omp parallel for');
    await editor.edit((edit) => edit.insert(new vscode.Position(line, '#pragma omp parallel for'.length), ' s'));
    const at = new vscode.Position(line, '#pragma omp parallel for s'.length);
    const { items } = await commands.executeCommand('vscode.executeCompletionItemProvider', document.uri, at);
    const labels = items.map((item) => item.label.label ?? item.label);
    assert.ok(labels.some((label) => label.startsWith('schedule')), labels.slice(0, 40).join(' '));
    await reset();
});

test('the command inserts the pragma above the loop', async () => {
    const before = original.split('\n');
    const line = lineOf('y[i] = ') - 1;
    await commands.executeCommand('hpc-ls.insertPragma', document.uri.toString(), { line, character: 4 });
    const text = document.getText().split('\n');
    assert.match(text[line], /^    #pragma omp parallel for/);
    assert.deepEqual(text.toSpliced(line, 1), before);
    await reset();
});

test('explanation and analysis answer with Markdown', async () => {
    const position = { line: lineOf('y[i] = ') - 1, character: 4 };
    for (const command of ['hpc-ls.explain', 'hpc-ls.showAnalysis']) {
        const answer = await commands.executeCommand(command, document.uri.toString(), position);
        assert.match(answer, /parallel/, command);
    }
});

test('a function can be vouched for, and the word is kept in the project file', async () => {
    await commands.executeCommand('hpc-ls.treatIndependent', document.uri.toString(), 'relax');
    const file = path.join(folder(), '.hpc-ls.toml');
    assert.match(fs.readFileSync(file, 'utf8'), /independent-functions = \[\s*"relax"/);
});

test('a restart brings everything back', async () => {
    await commands.executeCommand('hpc-ls.restart');
    await until('the race again', () => races().length === 1);
});

test('a server that dies is started again', async () => {
    const extension = vscode.extensions.getExtension('hpc-ls.hpc-ls');
    extension.exports.client().serverProcess.kill('SIGKILL');
    await until('the race to be gone or the process to be new', () => extension.exports.client()?.serverProcess?.killed !== true);
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), '\n'));
    await until('the race one line below', () => races().length === 1 && races()[0].range.start.line === original.split('\n').findIndex((line) => line.includes('total +=')) + 1);
    await reset();
});

exports.run = async function run() {
    const extension = vscode.extensions.getExtension('hpc-ls.hpc-ls');
    assert.ok(extension, 'the extension is not installed');
    document = await workspace.openTextDocument(path.join(folder(), 'sample.c'));
    editor = await window.showTextDocument(document);
    original = document.getText();
    await (await extension.activate()).started;
    let failed = 0;
    for (const { name, work } of tests) {
        const start = Date.now();
        try {
            await work();
            console.log(`ok   ${name} (${Date.now() - start} ms)`);
        } catch (error) {
            failed += 1;
            console.log(`FAIL ${name}: ${error.stack ?? error}`);
        }
    }
    console.log(`${tests.length - failed} of ${tests.length} passed`);
    await commands.executeCommand('workbench.action.files.revert');
    if (failed > 0) throw new Error(`${failed} failed`);
};
