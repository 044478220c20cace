// A machine without a server: the extension offers to install one, and does so when told to.
import { openWorkbench } from './workbench.mjs';

const settings = JSON.parse(process.argv[2]);
const workbench = await openWorkbench({
    ...settings,
    payload: [['openFile', `vscode-remote://127.0.0.1:${settings.port}${settings.file}`]],
});
try {
    await workbench.see('.notification-toast', /there is no server yet/, 30_000);
    await workbench.see('.statusbar-item.warning-kind', /hpc-ls/);
    await workbench.picture('1-offer');
    await (await workbench.see('.notification-toast .monaco-button', /^Set Up$/)).click();
    await workbench.see('.notification-toast', /installing the server/, 60_000);
    await workbench.picture('2-progress');
    await workbench.see('.squiggly-error', undefined, 180_000);
    await workbench.see('.statusbar-item', /hpc-ls.*loop/);
    await workbench.picture('3-ready');
    console.log('ok   offered, installed, running');
} catch (error) {
    await workbench.picture('failed');
    throw error;
} finally {
    await workbench.close();
}
