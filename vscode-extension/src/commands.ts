/** The commands of the palette that ask the server about the line of the cursor. */

import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';

/** The names under which the server knows its commands; VS Code knows them too once the client runs. */
export const SERVER_COMMANDS = {
    insertPragma: 'hpc-ls.insertPragma',
    explain: 'hpc-ls.explain',
    showAnalysis: 'hpc-ls.showAnalysis',
    treatIndependent: 'hpc-ls.treatIndependent',
    copyReproducer: 'hpc-ls.copyReproducer',
} as const;

/** Runs a command of the server with the document and the line of the cursor as its arguments. */
export async function runHere(command: string, editor: vscode.TextEditor, client: LanguageClient): Promise<void> {
    const uri = client.code2ProtocolConverter.asUri(editor.document.uri);
    const position = client.code2ProtocolConverter.asPosition(editor.selection.active);
    await vscode.commands.executeCommand(command, uri, position);
}

/** Asks which function calls are independent of each other, and tells the server. */
export async function treatIndependent(editor: vscode.TextEditor, client: LanguageClient): Promise<void> {
    const document = editor.document;
    const word = document.getWordRangeAtPosition(editor.selection.active, /[A-Za-z_]\w*/);
    const name = await vscode.window.showInputBox({
        title: 'Treat a function as independent',
        prompt: 'Calls to it in different iterations do not touch the same data. This is kept in .hpc-ls.toml.',
        value: word === undefined ? '' : document.getText(word),
        validateInput: (text) => (/^[A-Za-z_]\w*$/.test(text.trim()) ? undefined : 'Give the name of a function.'),
    });
    if (name === undefined) {
        return;
    }
    const uri = client.code2ProtocolConverter.asUri(document.uri);
    await vscode.commands.executeCommand(SERVER_COMMANDS.treatIndependent, uri, name.trim());
}
