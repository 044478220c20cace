/** The language client: how it talks to one server process, and what it does with the server's answers. */

import * as vscode from 'vscode';
import {
    CloseAction,
    ErrorAction,
    LanguageClient,
    RevealOutputChannelOn,
    type ErrorHandler,
    type LanguageClientOptions,
} from 'vscode-languageclient/node';
import type { Launch } from './discovery';
import { SERVER_COMMANDS } from './commands';
import { Restarts } from './recovery';
import type { ServerStatus } from './status';

export interface Hooks {
    /** Shows the server's Markdown. */
    readonly page: (title: string, markdown: string) => Promise<void>;
    readonly status: (status: ServerStatus) => void;
    /** The server died too often and is not started again. */
    readonly gaveUp: () => void;
}

/**
 * A client for the server at `launch`, not yet started.
 *
 * `folder` becomes the server's working folder: one of ours, so that nothing of the workspace is imported or found by accident.
 */
export function makeClient(
    launch: Launch,
    languages: readonly string[],
    folder: string,
    output: vscode.LogOutputChannel,
    hooks: Hooks,
): LanguageClient {
    const options: LanguageClientOptions = {
        documentSelector: languages.flatMap((language) => [
            { scheme: 'file', language },
            { scheme: 'untitled', language },
        ]),
        diagnosticCollectionName: 'hpc-ls',
        outputChannel: output,
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        initializationOptions: () => ({
            trusted: vscode.workspace.isTrusted,
            settings: vscode.workspace.getConfiguration('hpc-ls'),
            showsAnswers: true, // see executeCommand below
        }),
        synchronize: {
            // eslint-disable-next-line @typescript-eslint/no-deprecated -- without it no change of a setting is announced
            configurationSection: 'hpc-ls',
        },
        markdown: { isTrusted: { enabledCommands: [...Object.values(SERVER_COMMANDS)] } },
        stdioOptions: {
            stdout: () => undefined,
            stderr: (input, channel) => {
                forwardLog(input, channel);
            },
        },
        errorHandler: errorHandler(hooks),
        initializationFailedHandler: () => false,
        middleware: {
            executeCommand: async (command, args, next) => {
                try {
                    const answer: unknown = await next(command, args);
                    await showAnswer(command, answer, hooks);
                    return answer;
                } catch (error) {
                    // What the server refuses, it refuses with a sentence for the user.
                    void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
                    return undefined;
                }
            },
        },
    };
    const server = {
        command: launch.command,
        args: [...launch.args],
        options: { cwd: folder, env: { PYTHONSAFEPATH: '1', PYTHONUNBUFFERED: '1' } },
    };
    const client = new QuietClient('hpc-ls', 'hpc-ls', server, options);
    client.onNotification('hpc-ls/status', hooks.status);
    return client;
}

/** The library's own pop-ups speak of connections and clients; they go to the output, and the session says what to do. */
class QuietClient extends LanguageClient {
    override error(message: string, data?: unknown): void {
        super.error(message, data, false);
    }
}

/** Starts a dead server again, a few times, in silence; then says so once. */
function errorHandler(hooks: Hooks): ErrorHandler {
    const restarts = new Restarts();
    return {
        error: (_error, _message, count) => ({
            action: (count ?? 1) <= 3 ? ErrorAction.Continue : ErrorAction.Shutdown,
            handled: true,
        }),
        closed: () => {
            if (restarts.another()) {
                return { action: CloseAction.Restart, message: 'The server ended. It is started again.', handled: true };
            }
            hooks.gaveUp();
            return { action: CloseAction.DoNotRestart, message: 'The server keeps ending. It is given up.', handled: true };
        },
    };
}

const TITLES: Partial<Record<string, string>> = {
    [SERVER_COMMANDS.explain]: 'Explanation',
    [SERVER_COMMANDS.showAnalysis]: 'Analysis of the loop',
};

async function showAnswer(command: string, answer: unknown, hooks: Hooks): Promise<void> {
    if (command === SERVER_COMMANDS.copyReproducer && typeof answer === 'string') {
        await vscode.env.clipboard.writeText(answer);
        void vscode.window.showInformationMessage('A program with the race is on the clipboard. Its first lines say how to run it.');
        return;
    }
    const title = TITLES[command];
    if (title === undefined) {
        return;
    }
    const markdown = markdownOf(answer);
    if (markdown === undefined) {
        void vscode.window.showInformationMessage('hpc-ls has nothing to say about this line: there is no loop and no pragma here.');
        return;
    }
    await hooks.page(title, markdown);
}

/** The text of a string or of an LSP MarkupContent. */
function markdownOf(answer: unknown): string | undefined {
    if (typeof answer === 'object' && answer !== null && 'value' in answer) {
        return markdownOf(answer.value);
    }
    return typeof answer === 'string' && answer.trim() !== '' ? answer : undefined;
}

function forwardLog(input: NodeJS.ReadableStream, channel: vscode.LogOutputChannel): void {
    input.setEncoding('utf8');
    let rest = '';
    input.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines.map((text) => text.trimEnd()).filter((text) => text !== '')) {
            if (/\b(ERROR|CRITICAL|Traceback)\b/.test(line)) {
                channel.error(line);
            } else if (/\bWARN(ING)?\b/.test(line)) {
                channel.warn(line);
            } else {
                channel.info(line);
            }
        }
    });
}
