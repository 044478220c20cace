// Runs api/test/index.js inside the extension host of a workbench, and passes on what it prints.
import { openWorkbench } from './workbench.mjs';

const settings = JSON.parse(process.argv[2]);
const host = `vscode-remote://127.0.0.1:${settings.port}`;
const here = import.meta.dirname;

let exit;
const finished = new Promise((resolve) => (exit = resolve));
const workbench = await openWorkbench({
    ...settings,
    payload: [
        ['extensionDevelopmentPath', `${host}${here}/api`],
        ['extensionTestsPath', `${host}${here}/api/test/index.js`],
    ],
    prepare: async (page) => {
        await page.exposeFunction('codeAutomationLog', (type, args) => {
            // VS Code's own complaints about its optional native modules come this way too.
            if (/^(ok|FAIL|\d+ of) /.test(String(args[0]))) console.log(...args);
        });
        await page.exposeFunction('codeAutomationExit', (code, logs) => exit(code));
    },
});
const timer = setTimeout(() => exit('a timeout'), settings.patience * 1000);
const code = await finished;
clearTimeout(timer);
if (code !== 0) {
    await workbench.picture('failed');
    console.log(`ended with ${code}\n${workbench.complaints.slice(-20).join('\n')}`);
}
await workbench.close();
process.exitCode = code === 0 ? 0 : 1;
