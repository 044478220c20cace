import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Machine } from '../src/discovery';
import { findPython, isCurrent, isReady, makeEnvironment, SetUpError, type Disk, type Outcome, type Plan, type Run } from '../src/environment';

const PLAN: Plan = { environment: '/store/server', package: '/ext/server/hpc_ls-1-py3-none-any.whl', stamp: '1 hpc_ls-1', python: '' };

function machine(...programs: string[]): Machine {
    return { platform: 'linux', home: '/home/me', searchPath: '/usr/bin', isExecutable: (file) => programs.includes(file) };
}

/** Answers by the first rule whose key is part of the command line; notes what ran. */
function answering(rules: Record<string, Outcome>, log: string[] = []): Run {
    return (command, args) => {
        const line = [command, ...args].join(' ');
        log.push(line);
        const rule = Object.keys(rules).find((key) => line.includes(key));
        return Promise.resolve(rule === undefined ? { status: 0, output: '' } : (rules[rule] ?? { status: 1, output: '' }));
    };
}

function memory(files: Record<string, string> = {}): Disk & { files: Record<string, string> } {
    return {
        files,
        exists: (file) => file in files,
        read: (file) => files[file],
        write: (file, text) => {
            files[file] = text;
        },
        remove: (folder) => {
            for (const file of Object.keys(files).filter((name) => name.startsWith(`${folder}/`))) {
                Reflect.deleteProperty(files, file);
            }
        },
        makeFolder: () => undefined,
    };
}

const GOOD: Outcome = { status: 0, output: '3 12 True\n' };
const quiet = (): void => undefined;

test('the first usable Python is taken; one that is too old or lacks venv is passed over', async () => {
    const run = answering({
        '/usr/bin/python3 ': { status: 0, output: '3 9 True\n' },
        '/usr/bin/python3.12 ': { status: 0, output: '3 12 False\n' },
        '/usr/bin/python3.11 ': { status: 0, output: '3 11 True\n' },
    });
    const here = machine('/usr/bin/python3', '/usr/bin/python3.11', '/usr/bin/python3.12');
    assert.equal(await findPython('', here, run, '/'), '/usr/bin/python3.11');
});

test('Python is probed isolated, and two-digit minor versions compare as numbers', async () => {
    const log: string[] = [];
    assert.equal(await findPython('', machine('/usr/bin/python3'), answering({ python3: { status: 0, output: '3 10 True' } }, log), '/'), '/usr/bin/python3');
    assert.match(log[0] ?? '', /^\/usr\/bin\/python3 -I -c /);
});

test('when no Python will do, each one tried is named with its flaw', async () => {
    const run = answering({
        '/usr/bin/python3 ': { status: 0, output: '3 9 True\n' },
        '/usr/bin/python ': { status: 127, output: 'broken' },
    });
    await assert.rejects(findPython('', machine('/usr/bin/python3', '/usr/bin/python'), run, '/'), (error: Error) => {
        assert.ok(error instanceof SetUpError);
        assert.match(error.message, /python3: is Python 3\.9/);
        assert.match(error.message, /python: does not run/);
        return true;
    });
});

test('no Python at all, and a configured one that does not exist', async () => {
    await assert.rejects(findPython('', machine(), answering({}), '/'), /No Python on PATH.*3\.10/);
    await assert.rejects(findPython('/gone', machine('/usr/bin/python3'), answering({}), '/'), /hpc-ls\.server\.python is "\/gone"/);
});

test('the environment is made, filled, checked, and stamped last', async () => {
    const log: string[] = [];
    const store = memory();
    const said: string[] = [];
    await makeEnvironment(PLAN, machine('/usr/bin/python3'), store, answering({ '-c import sys': GOOD }, log), (text) => said.push(text));
    assert.deepEqual(log.slice(1), [
        '/usr/bin/python3 -I -m venv /store/server',
        `/store/server/bin/python -I -m pip --disable-pip-version-check --no-input install ${PLAN.package}`,
        '/store/server/bin/python -I -c import lsp_server',
    ]);
    assert.ok(isReady(PLAN.environment, store));
    assert.ok(isCurrent(PLAN, store));
    assert.ok(!isCurrent({ ...PLAN, stamp: '2 hpc_ls-2' }, store));
    assert.equal(said.length, 4);
});

test('a bundle is installed from its wheels alone, with what runs the model', async () => {
    const log: string[] = [];
    const plan = { ...PLAN, wheels: '/ext/server' };
    await makeEnvironment(plan, machine('/usr/bin/python3'), memory(), answering({ '-c import sys': GOOD }, log), quiet);
    assert.deepEqual(log.slice(2, -1), [
        `/store/server/bin/python -I -m pip --disable-pip-version-check --no-input install --no-index --find-links /ext/server ${PLAN.package}[model]`,
    ]);
});

test('where its wheels are for another Python, pip brings what is missing', async () => {
    const log: string[] = [];
    const store = memory();
    const run = answering({ '-c import sys': GOOD, '--no-index': { status: 1, output: 'ERROR: No matching distribution' } }, log);
    await makeEnvironment({ ...PLAN, wheels: '/ext/server' }, machine('/usr/bin/python3'), store, run, quiet);
    assert.ok(log.includes(`/store/server/bin/python -I -m pip --disable-pip-version-check --no-input install ${PLAN.package}`));
    assert.ok(isReady(PLAN.environment, store));
});

test('a failure of pip is told with its error line, and leaves no stamp, not even an old one', async () => {
    const store = memory({ '/store/server/hpc-ls.stamp': '0 old' });
    const output = 'Collecting pygls\nERROR: No matching distribution found for pygls\n\n[notice] hint\n';
    const run = answering({ '-c import sys': GOOD, 'pip --disable': { status: 1, output } });
    await assert.rejects(makeEnvironment(PLAN, machine('/usr/bin/python3'), store, run, quiet), (error: Error) => {
        assert.ok(error instanceof SetUpError);
        assert.match(error.message, /pip could not install .*No matching distribution found for pygls/);
        return true;
    });
    assert.ok(!isReady(PLAN.environment, store));
});

test('a server that does not load is no success', async () => {
    const store = memory();
    const run = answering({ '-c import sys': GOOD, 'import lsp_server': { status: 1, output: 'ModuleNotFoundError: No module named lsp_server' } });
    await assert.rejects(makeEnvironment(PLAN, machine('/usr/bin/python3'), store, run, quiet), /does not load: ModuleNotFoundError/);
    assert.ok(!isReady(PLAN.environment, store));
});
