/** Entry point: finds or sets up the server, keeps one client running, and wires commands, status item and pages. */

import * as path from 'node:path';
import * as vscode from 'vscode';
import { State, type LanguageClient } from 'vscode-languageclient/node';
import { makeClient } from './client';
import { runHere, SERVER_COMMANDS, treatIndependent } from './commands';
import { findServer, type Found, type Launch } from './discovery';
import { Pages } from './documents';
import { isCurrent, isReady, makeEnvironment, SetUpError, type Plan } from './environment';
import { disk, runner, thisMachine } from './machine';
import { StatusItem } from './status';

const LANGUAGES = ['c'];
const LAUNCH_SETTINGS = ['hpc-ls.server.path'];
const DECLINED = 'setUpDeclined';

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
    private readonly registrations: vscode.Disposable[];
    // Starting, stopping and setting up happen one after the other, in the order in which they were asked for.
    private queue: Promise<void> = Promise.resolve();

    constructor(private readonly context: vscode.ExtensionContext) {
        const { commands, workspace } = vscode;
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
            if (await this.makeEnvironment()) {
                await this.startNow();
            }
        });
    }

    dispose(): void {
        vscode.Disposable.from(...this.registrations, this.pages, this.status, this.output).dispose();
    }

    private inTurn(work: () => Promise<void>): Promise<void> {
        const done = this.queue.then(work);
        this.queue = done.catch((error: unknown) => {
            this.output.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
        });
        return this.queue;
    }

    private get folder(): string {
        return this.context.globalStorageUri.fsPath;
    }

    private async startNow(): Promise<void> {
        const found = this.find();
        if (found === 'missing') {
            this.status.local('missing');
            void this.offerSetUp();
            return;
        }
        if ('problem' in found) {
            this.status.local('failed', found.problem);
            void this.offerSettings(found.problem);
            return;
        }
        await this.launch(found.launch);
    }

    private find(): Found {
        const folders = vscode.workspace.workspaceFolders ?? [];
        return findServer(
            {
                configured: setting('server.path'),
                environment: this.environment,
                environmentReady: isReady(this.environment, disk),
                untrustedFolders: vscode.workspace.isTrusted ? [] : folders.map((folder) => folder.uri.fsPath),
            },
            thisMachine(),
        );
    }

    private async launch(launch: Launch): Promise<void> {
        this.status.from(`${launch.command} (${launch.origin})`);
        this.status.local('starting');
        this.output.info(`Starting ${[launch.command, ...launch.args].join(' ')} (${launch.origin})`);
        disk.makeFolder(this.folder);
        const client = makeClient(launch, LANGUAGES, this.folder, this.output, {
            page: (title, markdown) => this.pages.show(title, markdown),
            status: (status) => {
                this.status.server(status);
            },
        });
        this.current = client;
        client.onDidChangeState(({ newState }) => {
            if (this.current === client) {
                void vscode.commands.executeCommand('setContext', 'hpc-ls.running', newState === State.Running);
                if (newState === State.Stopped) {
                    this.status.local('stopped');
                }
            }
        });
        try {
            await client.start();
            this.status.local('running');
        } catch (error) {
            this.status.local('failed', String(error));
            void this.offerSettings(`hpc-ls could not be started (${launch.origin}): ${String(error)}`);
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

    private get version(): string {
        return (this.context.extension.packageJSON as { version: string }).version;
    }

    private get environment(): string {
        return path.join(this.folder, 'server');
    }

    private plan(): Plan | undefined {
        const configured = setting('server.package').trim();
        const bundled = this.bundledWheel();
        const wanted = configured === '' ? bundled : configured;
        if (wanted === undefined) {
            return undefined;
        }
        const stamp = `${this.version} ${wanted === bundled ? path.basename(wanted) : wanted}`;
        return { environment: this.environment, package: wanted, stamp, python: setting('server.python') };
    }

    private bundledWheel(): string | undefined {
        const folder = this.context.asAbsolutePath('server');
        const wheels = disk.list(folder).filter((name) => name.endsWith('.whl'));
        return wheels[0] === undefined ? undefined : path.join(folder, wheels[0]);
    }

    private async makeEnvironment(): Promise<boolean> {
        const plan = this.plan();
        if (plan === undefined) {
            void this.offerSettings('This build of the extension comes without a server. Name one in hpc-ls.server.path or hpc-ls.server.package.');
            return false;
        }
        this.status.local('settingUp');
        const options = { location: vscode.ProgressLocation.Notification, title: 'hpc-ls', cancellable: true };
        try {
            await vscode.window.withProgress(options, async (progress, token) => {
                const abort = new AbortController();
                token.onCancellationRequested(() => {
                    abort.abort();
                });
                const run = runner((line) => {
                    this.output.info(line);
                }, abort.signal);
                await makeEnvironment(plan, thisMachine(), disk, run, (message) => {
                    progress.report({ message });
                });
            });
            await this.context.globalState.update(DECLINED, undefined);
            return true;
        } catch (error) {
            if (!(error instanceof SetUpError)) {
                throw error;
            }
            this.status.local('failed', error.message);
            this.output.error(error.message);
            void this.offerSettings(error.message);
            return false;
        }
    }

    private async offerSetUp(): Promise<void> {
        if (this.context.globalState.get(DECLINED) === true) {
            return;
        }
        const [setUp, choose, never] = ['Set Up', 'Choose a Server…', "Don't Ask Again"];
        const text = 'hpc-ls: there is no server yet. Install it with pip into a private environment of this extension?';
        const answer = await vscode.window.showInformationMessage(text, setUp, choose, never);
        if (answer === setUp) {
            await this.setUp();
        } else if (answer === choose) {
            await openSettings();
        } else if (answer === never) {
            await this.context.globalState.update(DECLINED, true);
        }
    }

    private async offerSettings(problem: string): Promise<void> {
        const [settings, output] = ['Open Settings', 'Show Output'];
        const answer = await vscode.window.showErrorMessage(problem, settings, output);
        if (answer === settings) {
            await openSettings();
        } else if (answer === output) {
            this.output.show();
        }
    }

    private async menu(): Promise<void> {
        const plan = this.plan();
        const stale = plan !== undefined && isReady(this.environment, disk) && !isCurrent(plan, disk);
        const entries = [
            { label: '$(debug-restart) Restart the server', command: 'hpc-ls.restart' },
            { label: '$(output) Show output', command: 'hpc-ls.showOutput' },
            {
                label: stale ? '$(arrow-up) Update the server' : '$(cloud-download) Set up the server',
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

function setting(name: string): string {
    return vscode.workspace.getConfiguration('hpc-ls').get<string>(name, '');
}

async function openSettings(): Promise<void> {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'hpc-ls.server');
}
