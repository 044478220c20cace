/** Entry point: finds or sets up the server, keeps one client running, and wires commands, status item and pages. */

import * as vscode from 'vscode';
import { State, type LanguageClient } from 'vscode-languageclient/node';
import { makeClient } from './client';
import { runHere, SERVER_COMMANDS, treatIndependent } from './commands';
import { findServer, PRIVATE, type Found, type Launch } from './discovery';
import { Pages } from './documents';
import { Installer } from './installer';
import { disk, thisMachine } from './machine';
import { offerRestart, offerSettings, openSettings, setting } from './messages';
import { StatusItem } from './status';

const LANGUAGES = ['c', 'cpp', 'cuda-cpp'];
const START_FAILED_AFTER = 1000; // milliseconds without another try
const LAUNCH_SETTINGS = ['hpc-ls.server.path'];

/** What other extensions and the tests may ask. */
export interface Api {
    /** Resolves once the first attempt to start the server is over. */
    readonly started: Promise<void>;
    client(): LanguageClient | undefined;
}

let session: Session | undefined;

export function activate(context: vscode.ExtensionContext): Api {
    const created = new Session(context);
    session = created;
    context.subscriptions.push(created);
    return { started: created.start(), client: () => created.current };
}

export async function deactivate(): Promise<void> {
    await session?.stop();
    session = undefined;
}

class Session implements vscode.Disposable {
    current: LanguageClient | undefined;
    private readonly output = vscode.window.createOutputChannel('hpc-ls', { log: true });
    private readonly status = new StatusItem(LANGUAGES, 'hpc-ls.menu');
    private readonly pages = new Pages();
    private readonly installer: Installer;
    private readonly registrations: vscode.Disposable[];
    // Starting, stopping and setting up happen one after the other, in the order in which they were asked for.
    private queue: Promise<void> = Promise.resolve();

    constructor(private readonly context: vscode.ExtensionContext) {
        const { commands, workspace } = vscode;
        this.installer = new Installer(context, this.output);
        this.registrations = [
            commands.registerCommand('hpc-ls.restart', () => this.restart()),
            commands.registerCommand('hpc-ls.setUp', () => this.setUp()),
            commands.registerCommand('hpc-ls.showOutput', () => {
                this.output.show(true);
            }),
            commands.registerCommand('hpc-ls.menu', () => this.menu()),
            this.hereCommand('hpc-ls.here.insertPragma', SERVER_COMMANDS.insertPragma),
            this.hereCommand('hpc-ls.here.explain', SERVER_COMMANDS.explain),
            this.hereCommand('hpc-ls.here.showAnalysis', SERVER_COMMANDS.showAnalysis),
            this.hereCommand('hpc-ls.here.copyReproducer', SERVER_COMMANDS.copyReproducer),
            commands.registerCommand('hpc-ls.here.treatIndependent', () => this.withEditor(treatIndependent)),
            workspace.onDidChangeConfiguration((event) => {
                if (LAUNCH_SETTINGS.some((name) => event.affectsConfiguration(name))) {
                    void this.restart();
                }
            }),
            // Trust changes which settings count and what the server may run.
            workspace.onDidGrantWorkspaceTrust(() => void this.restart()),
        ];
    }

    start(): Promise<void> {
        return this.inTurn(() => this.startNow());
    }

    stop(): Promise<void> {
        return this.inTurn(() => this.stopNow());
    }

    restart(): Promise<void> {
        return this.inTurn(async () => {
            await this.stopNow();
            await this.startNow();
        });
    }

    setUp(): Promise<void> {
        return this.inTurn(async () => {
            await this.stopNow();
            this.status.local('settingUp');
            const problem = await this.installer.install();
            if (problem === undefined) {
                await this.startNow();
            } else {
                this.status.local('failed', problem);
            }
        });
    }

    dispose(): void {
        vscode.Disposable.from(...this.registrations, this.pages, this.status, this.output).dispose();
    }

    private inTurn(work: () => Promise<void>): Promise<void> {
        this.queue = this.queue.then(work).catch((error: unknown) => {
            this.output.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
        });
        return this.queue;
    }

    private async startNow(): Promise<void> {
        const found = this.find();
        if (found === 'missing') {
            this.status.local('missing');
            void this.setUpIf(this.installer.offer());
        } else if ('problem' in found) {
            this.status.local('failed', found.problem);
            void offerSettings(found.problem, this.output);
        } else {
            await this.launch(found.launch);
            if (found.launch.origin === PRIVATE && this.installer.stale) {
                void this.setUpIf(this.installer.offerUpdate());
            }
        }
    }

    private find(): Found {
        const folders = vscode.workspace.workspaceFolders ?? [];
        return findServer(
            {
                configured: setting('server.path'),
                environment: this.installer.environment,
                environmentReady: this.installer.ready,
                untrustedFolders: vscode.workspace.isTrusted ? [] : folders.map((folder) => folder.uri.fsPath),
            },
            thisMachine(),
        );
    }

    private async setUpIf(consent: Promise<boolean>): Promise<void> {
        if (await consent) {
            await this.setUp();
        }
    }

    /** Starts a client and waits until it runs or was given up. */
    private async launch(launch: Launch): Promise<void> {
        this.status.from(`${launch.command} (${launch.origin})`);
        this.status.local('starting');
        this.output.info(`Starting ${[launch.command, ...launch.args].join(' ')} (${launch.origin})`);
        const folder = this.context.globalStorageUri.fsPath;
        disk.makeFolder(folder);
        await new Promise<void>((settled) => {
            let told = false;
            const failed = (): void => {
                settled();
                if (told || this.current !== client) {
                    return;
                }
                told = true;
                const problem = `hpc-ls: the server does not stay alive (${launch.command}). The output says why.`;
                this.status.local('failed', problem);
                void offerRestart(problem, this.output, () => this.restart());
            };
            const client = makeClient(launch, LANGUAGES, folder, this.output, {
                page: (title, markdown) => this.pages.show(title, markdown),
                status: (status) => {
                    this.status.server(status);
                },
                gaveUp: failed,
            });
            this.current = client;
            client.onDidChangeState(({ newState }) => {
                this.stateChanged(client, newState);
                if (newState === State.Running) {
                    settled();
                }
            });
            // Where the server dies on the way, `gaveUp` may still start it again: only silence after that is the end.
            client.start().then(settled, () => {
                setTimeout(() => {
                    if (client.state === State.StartFailed) {
                        failed();
                    }
                }, START_FAILED_AFTER);
            });
        });
    }

    private stateChanged(client: LanguageClient, state: State): void {
        if (this.current !== client) {
            return;
        }
        void vscode.commands.executeCommand('setContext', 'hpc-ls.running', state === State.Running);
        if (state === State.Starting || state === State.Running) {
            this.status.local(state === State.Running ? 'running' : 'starting');
        }
    }

    private async stopNow(): Promise<void> {
        const client = this.current;
        this.current = undefined;
        if (client === undefined) {
            return;
        }
        void vscode.commands.executeCommand('setContext', 'hpc-ls.running', false);
        try {
            await client.dispose();
        } catch (error) {
            // A server that died or never started cannot be asked to stop.
            this.output.debug(`Stopping: ${String(error)}`);
        }
        this.status.local('stopped');
    }

    private async menu(): Promise<void> {
        const entries = [
            { label: '$(debug-restart) Restart the server', command: 'hpc-ls.restart' },
            { label: '$(output) Show output', command: 'hpc-ls.showOutput' },
            {
                label: this.installer.stale ? '$(arrow-up) Update the server' : '$(cloud-download) Set up the server',
                description: 'installs it into a private environment of this extension',
                command: 'hpc-ls.setUp',
            },
            { label: '$(gear) Settings', command: '' },
        ];
        const chosen = await vscode.window.showQuickPick(entries, { title: 'hpc-ls' });
        if (chosen?.command === '') {
            await openSettings();
        } else if (chosen !== undefined) {
            await vscode.commands.executeCommand(chosen.command);
        }
    }

    private hereCommand(name: string, serverCommand: string): vscode.Disposable {
        return vscode.commands.registerCommand(name, () =>
            this.withEditor((editor, client) => runHere(serverCommand, editor, client)),
        );
    }

    private async withEditor(work: (editor: vscode.TextEditor, client: LanguageClient) => Promise<void>): Promise<void> {
        const editor = vscode.window.activeTextEditor;
        if (this.current?.state !== State.Running) {
            void vscode.window.showWarningMessage('hpc-ls: the server is not running.');
        } else if (editor === undefined || !LANGUAGES.includes(editor.document.languageId)) {
            void vscode.window.showWarningMessage('hpc-ls: put the cursor into a loop of a C file first.');
        } else {
            await work(editor, this.current);
        }
    }
}
