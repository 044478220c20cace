import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environmentPython, expandHome, findOnPath, findServer, type Machine, type Request } from '../src/discovery';

function machine(programs: readonly string[], searchPath = '/opt/bin:/usr/bin', platform: NodeJS.Platform = 'linux'): Machine {
    return { platform, home: '/home/me', searchPath, isExecutable: (file) => programs.includes(file) };
}

function request(changes: Partial<Request> = {}): Request {
    return { configured: '', environment: '/store/server', environmentReady: false, untrustedFolders: [], ...changes };
}

function launched(found: ReturnType<typeof findServer>): string {
    assert.ok(typeof found === 'object' && 'launch' in found, JSON.stringify(found));
    return [found.launch.command, ...found.launch.args].join(' ');
}

test('the setting wins over PATH and the private environment', () => {
    const all = machine(['/my/hpc-ls', '/usr/bin/hpc-ls', '/store/server/bin/python']);
    const found = findServer(request({ configured: '/my/hpc-ls', environmentReady: true }), all);
    assert.equal(launched(found), '/my/hpc-ls serve');
});

test('an interpreter in the setting runs the server isolated', () => {
    for (const python of ['/env/bin/python', '/env/bin/python3.12', '/env/bin/pypy3']) {
        assert.equal(launched(findServer(request({ configured: python }), machine([python]))), `${python} -I -m lsp_server`);
    }
});

test('a bare name in the setting is looked up on PATH, with ~ and blanks understood', () => {
    assert.equal(launched(findServer(request({ configured: 'mine' }), machine(['/usr/bin/mine']))), '/usr/bin/mine serve');
    assert.equal(launched(findServer(request({ configured: ' ~/ls ' }), machine(['/home/me/ls']))), '/home/me/ls serve');
});

test('a setting that names nothing is a problem, and nothing else is started instead', () => {
    const found = findServer(request({ configured: '/gone', environmentReady: true }), machine(['/usr/bin/hpc-ls']));
    assert.ok(typeof found === 'object' && 'problem' in found);
    assert.match(found.problem, /hpc-ls\.server\.path is "\/gone"/);
});

test('a relative path in the setting is not started from the workspace', () => {
    const found = findServer(request({ configured: './hpc-ls' }), machine(['./hpc-ls', '/usr/bin/hpc-ls']));
    assert.ok(typeof found === 'object' && 'problem' in found);
});

test('PATH comes before the private environment, in its order', () => {
    const both = machine(['/usr/bin/hpc-ls', '/opt/bin/hpc-ls', '/store/server/bin/python']);
    assert.equal(launched(findServer(request({ environmentReady: true }), both)), '/opt/bin/hpc-ls serve');
});

test('the private environment is used once it is complete', () => {
    const made = machine(['/store/server/bin/python']);
    assert.equal(launched(findServer(request({ environmentReady: true }), made)), '/store/server/bin/python -I -m lsp_server');
    assert.equal(findServer(request({ environmentReady: false }), made), 'missing');
    assert.equal(findServer(request({ environmentReady: true }), machine([])), 'missing');
});

test('relative entries of PATH and those of an untrusted workspace are passed over', () => {
    const planted = ['./hpc-ls', 'bin/hpc-ls', '/home/me/repo/bin/hpc-ls', '/home/me/repo/hpc-ls', '/home/me/repository/hpc-ls'];
    const path = '.:bin::/home/me/repo/bin:/home/me/repo:/home/me/repository';
    assert.equal(findOnPath('hpc-ls', machine(planted, path), ['/home/me/repo']), '/home/me/repository/hpc-ls');
    assert.equal(findOnPath('hpc-ls', machine(planted, path), []), '/home/me/repo/bin/hpc-ls');
});

test('Windows: .exe, backslashes, semicolons', () => {
    const windows = machine(['C:\\tools\\hpc-ls.exe'], 'relative;C:\\tools', 'win32');
    assert.equal(launched(findServer(request(), windows)), 'C:\\tools\\hpc-ls.exe serve');
    assert.equal(environmentPython('C:\\store\\server', 'win32'), 'C:\\store\\server\\Scripts\\python.exe');
    const python = machine(['C:\\py\\python.exe'], '', 'win32');
    assert.equal(launched(findServer(request({ configured: 'C:\\py\\python' }), python)), 'C:\\py\\python.exe -I -m lsp_server');
});

test('~ is only the home folder at the start', () => {
    const here = machine([]);
    assert.equal(expandHome('~', here), '/home/me');
    assert.equal(expandHome('~/x', here), '/home/me/x');
    assert.equal(expandHome('~other/x', here), '~other/x');
    assert.equal(expandHome('/a/~/x', here), '/a/~/x');
});
