/** Questions and complaints to the user, and the settings they lead to. */

import * as vscode from 'vscode';

/** A string setting of the extension; empty where it is not set. */
export function setting(name: string): string {
    return vscode.workspace.getConfiguration('hpc-ls').get<string>(name, '');
}

export async function openSettings(): Promise<void> {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'hpc-ls.server');
}

/** Shows a problem that a setting can solve. */
export async function offerSettings(problem: string, output: vscode.LogOutputChannel): Promise<void> {
    await ask(problem, output, 'Open Settings', openSettings);
}

/** Shows a problem that a restart may solve. */
export async function offerRestart(problem: string, output: vscode.LogOutputChannel, restart: () => Promise<void>): Promise<void> {
    await ask(problem, output, 'Restart', restart);
}

async function ask(problem: string, output: vscode.LogOutputChannel, remedy: string, act: () => Promise<void>): Promise<void> {
    const show = 'Show Output';
    const answer = await vscode.window.showErrorMessage(problem, remedy, show);
    if (answer === remedy) {
        await act();
    } else if (answer === show) {
        output.show();
    }
}
