// Restricted Mode: what a workspace says about programs counts only once a person trusts it.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openWorkbench } from './workbench.mjs';

const settings = JSON.parse(process.argv[2]);
const { port, file, marker } = settings;
const workbench = await openWorkbench({
    ...settings,
    payload: [['openFile', `vscode-remote://127.0.0.1:${port}${file}`]],
});
try {
    await workbench.see('.statusbar-item', /Restricted Mode/);
    await workbench.see('.squiggly-error', undefined, 30_000);
    await workbench.picture('1-restricted');
    assert.ok(!existsSync(marker), 'the program that the workspace names was started without trust');
    console.log('ok   restricted: analyzed by the server of the machine');

    await workbench.command('Workspaces: Manage Workspace Trust');
    await (await workbench.see('.workspace-trust-editor .monaco-button', /^Trust$/)).click();
    await workbench.gone('.statusbar-item', /Restricted Mode/);
    for (let waited = 0; !existsSync(marker); waited += 100) {
        assert.ok(waited < 20_000, 'the setting of the trusted workspace was not obeyed');
        await sleep(100);
    }
    await workbench.picture('2-trusted');
    console.log('ok   trusted: the setting of the workspace counts');
} catch (error) {
    await workbench.picture('failed');
    throw error;
} finally {
    await workbench.close();
}
