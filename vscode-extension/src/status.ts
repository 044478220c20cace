/** The status item: what the server says of itself, and what the extension says while there is no server. */

import * as vscode from 'vscode';

/** What the server sends with the notification `hpc-ls/status`. */
export interface ServerStatus {
    readonly state: string;
    readonly text: string;
    readonly tooltip?: string;
}

export type Local = 'starting' | 'running' | 'stopped' | 'missing' | 'failed' | 'settingUp';

const LOCAL: Record<Local, { icon: string; text: string }> = {
    starting: { icon: '$(loading~spin)', text: 'The server is starting.' },
    running: { icon: '$(check)', text: 'The server is running.' },
    stopped: { icon: '$(circle-slash)', text: 'The server is stopped.' },
    missing: { icon: '$(warning)', text: 'The server is not set up. Click to see what can be done.' },
    failed: { icon: '$(error)', text: 'The server could not be started. Click to see what can be done.' },
    settingUp: { icon: '$(loading~spin)', text: 'The server is being set up.' },
};

export class StatusItem implements vscode.Disposable {
    private readonly item: vscode.StatusBarItem;
    private readonly listener: vscode.Disposable;
    private origin = '';

    constructor(
        private readonly languages: readonly string[],
        command: string,
    ) {
        this.item = vscode.window.createStatusBarItem('hpc-ls.status', vscode.StatusBarAlignment.Right, 90);
        this.item.name = 'hpc-ls';
        this.item.command = command;
        this.listener = vscode.window.onDidChangeActiveTextEditor(() => {
            this.reveal();
        });
        this.local('stopped');
        this.reveal();
    }

    /** Where the running server comes from; part of the tooltip. */
    from(origin: string): void {
        this.origin = origin;
    }

    local(state: Local, detail = ''): void {
        const { icon, text } = LOCAL[state];
        this.set(`${icon} hpc-ls`, detail === '' ? text : `${text}\n\n${detail}`, state === 'missing' || state === 'failed');
    }

    server(status: ServerStatus): void {
        const icon = status.state === 'warning' || status.state === 'error' ? '$(warning) ' : '';
        this.set(icon + status.text, status.tooltip ?? '', icon !== '');
    }

    dispose(): void {
        this.listener.dispose();
        this.item.dispose();
    }

    private set(text: string, tooltip: string, alarming: boolean): void {
        this.item.text = text;
        const origin = this.origin === '' ? '' : `\n\nServer: ${this.origin}`;
        this.item.tooltip = new vscode.MarkdownString(tooltip + origin);
        this.item.backgroundColor = alarming ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    }

    private reveal(): void {
        const language = vscode.window.activeTextEditor?.document.languageId;
        if (language !== undefined && this.languages.includes(language)) {
            this.item.show();
        } else {
            this.item.hide();
        }
    }
}
