/** Read-only Markdown pages of the server's answers: explanations and analyses, shown beside the code. */

import * as vscode from 'vscode';

const SCHEME = 'hpc-ls';

export class Pages implements vscode.TextDocumentContentProvider, vscode.Disposable {
    private readonly texts = new Map<string, string>();
    private readonly changes = new vscode.EventEmitter<vscode.Uri>();
    private readonly registrations: vscode.Disposable[];
    readonly onDidChange = this.changes.event;

    constructor() {
        this.registrations = [
            vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
            vscode.workspace.onDidCloseTextDocument((document) => {
                if (document.uri.scheme === SCHEME) {
                    this.texts.delete(document.uri.path);
                }
            }),
        ];
    }

    provideTextDocumentContent(uri: vscode.Uri): string {
        return this.texts.get(uri.path) ?? '';
    }

    /** Shows Markdown beside the active editor, rendered; the page of the same title is replaced. */
    async show(title: string, markdown: string): Promise<void> {
        const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${title}.md` });
        this.texts.set(uri.path, markdown);
        this.changes.fire(uri);
        await vscode.commands.executeCommand('markdown.showPreviewToSide', uri);
    }

    dispose(): void {
        vscode.Disposable.from(...this.registrations, this.changes).dispose();
    }
}
