/** The status item: what the server says of itself, and what the extension says while there is no server. */

import * as vscode from 'vscode';

/** What the server sends with the notification `hpc-ls/status`; about one document where `uri` is given. */
export interface ServerStatus {
    readonly state: string;
    readonly text: string;
    readonly tooltip?: string | null;
    readonly uri?: string | null;
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
    private readonly listeners: vscode.Disposable[];
    private readonly ofDocuments = new Map<string, ServerStatus>();
    private alive = false;
    private origin = '';

    constructor(
        private readonly languages: readonly string[],
        command: string,
    ) {
        this.item = vscode.window.createStatusBarItem('hpc-ls.status', vscode.StatusBarAlignment.Right, 90);
        this.item.name = 'hpc-ls';
        this.item.command = command;
        this.listeners = [
            vscode.window.onDidChangeActiveTextEditor(() => {
                this.reveal();
            }),
            vscode.workspace.onDidCloseTextDocument((document) => {
                this.ofDocuments.delete(document.uri.toString());
            }),
        ];
        this.local('stopped');
    }

    /** Where the running server comes from; part of the tooltip. */
    from(origin: string): void {
        this.origin = origin;
    }

    local(state: Local, detail = ''): void {
        this.alive = state === 'starting' || state === 'running';
        if (!this.alive) {
            this.ofDocuments.clear();
        }
        const { icon, text } = LOCAL[state];
        this.set(`${icon} hpc-ls`, detail === '' ? text : `${text}\n\n${detail}`, state === 'missing' || state === 'failed');
        this.reveal(); // the server may have spoken before its start was known to be over
    }

    server(status: ServerStatus): void {
        if (!this.alive) {
            return; // a late word of a server that was stopped
        }
        if (typeof status.uri === 'string') {
            this.ofDocuments.set(vscode.Uri.parse(status.uri).toString(), status);
            this.reveal();
        } else {
            this.show(status);
        }
    }

    dispose(): void {
        vscode.Disposable.from(...this.listeners, this.item).dispose();
    }

    private show(status: ServerStatus): void {
        const alarming = status.state === 'warning' || status.state === 'error';
        this.set(status.text, status.tooltip ?? '', alarming);
    }

    private set(text: string, tooltip: string, alarming: boolean): void {
        this.item.text = text;
        const origin = this.origin === '' ? '' : `\n\nServer: ${this.origin}`;
        this.item.tooltip = new vscode.MarkdownString(tooltip + origin);
        this.item.backgroundColor = alarming ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    }

    private reveal(): void {
        const document = vscode.window.activeTextEditor?.document;
        if (document === undefined || !this.languages.includes(document.languageId)) {
            this.item.hide();
            return;
        }
        const status = this.ofDocuments.get(document.uri.toString());
        if (status !== undefined) {
            this.show(status);
        }
        this.item.show();
    }
}
