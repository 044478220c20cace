// A server that ends as soon as it runs: it is given up after a few tries, the user is told, and a better setting is taken.
import { writeFileSync } from 'node:fs';
import { openWorkbench } from './workbench.mjs';

const settings = JSON.parse(process.argv[2]);
const workbench = await openWorkbench({
    ...settings,
    payload: [['openFile', `vscode-remote://127.0.0.1:${settings.port}${settings.file}`]],
});
try {
    await workbench.see('.notification-toast', /does not stay alive/, 30_000);
    await workbench.see('.statusbar-item.warning-kind', /hpc-ls/);
    await workbench.picture('1-given-up');
    writeFileSync(settings.server, settings.repaired);
    await (await workbench.see('.notification-toast .monaco-button', /^Restart$/)).click();
    await workbench.see('.squiggly-error', undefined, 30_000);
    await workbench.see('.statusbar-item', /hpc-ls.*loop/);
    console.log('ok   given up, repaired, restarted');
} catch (error) {
    await workbench.picture('failed');
    throw error;
} finally {
    await workbench.close();
}
