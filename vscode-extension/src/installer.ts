/** Sets up the private environment of the server, with the user's consent and in the user's sight. */

import * as path from 'node:path';
import * as vscode from 'vscode';
import { isCurrent, isReady, makeEnvironment, SetUpError, type Plan } from './environment';
import { disk, runner, thisMachine } from './machine';
import { offerSettings, openSettings, setting } from './messages';

const DECLINED = 'setUpDeclined';
const NOTHING_BUNDLED =
    'This build of the extension comes without a server. Name one in hpc-ls.server.path or hpc-ls.server.package.';

export class Installer {
    constructor(
        private readonly context: vscode.ExtensionContext,
        private readonly output: vscode.LogOutputChannel,
    ) {}

    /** The folder of the private environment, which need not exist. */
    get environment(): string {
        return path.join(this.context.globalStorageUri.fsPath, 'server');
    }

    get ready(): boolean {
        return isReady(this.environment, disk);
    }

    /** Whether the environment holds another version than the one that would be installed now. */
    get stale(): boolean {
        const plan = this.plan();
        return this.ready && plan !== undefined && !isCurrent(plan, disk);
    }

    /** Makes the environment anew; the problem, if any, as a sentence that was shown to the user already. */
    async install(): Promise<string | undefined> {
        const plan = this.plan();
        if (plan === undefined) {
            void offerSettings(NOTHING_BUNDLED, this.output);
            return NOTHING_BUNDLED;
        }
        try {
            await this.withProgress(plan);
            await this.context.globalState.update(DECLINED, undefined);
            return undefined;
        } catch (error) {
            if (!(error instanceof SetUpError)) {
                throw error;
            }
            this.output.error(error.message);
            void offerSettings(error.message, this.output);
            return error.message;
        }
    }

    /** Asks whether to install; true when the user said yes. */
    async offer(): Promise<boolean> {
        if (this.context.globalState.get(DECLINED) === true) {
            return false;
        }
        const [setUp, choose, never] = ['Set Up', 'Choose a Server…', "Don't Ask Again"];
        const text = 'hpc-ls: there is no server yet. Install it with pip into a private environment of this extension?';
        const answer = await vscode.window.showInformationMessage(text, setUp, choose, never);
        if (answer === choose) {
            await openSettings();
        } else if (answer === never) {
            await this.context.globalState.update(DECLINED, true);
        }
        return answer === setUp;
    }

    /** Asks whether to replace the server of an older version; true when the user said yes. */
    async offerUpdate(): Promise<boolean> {
        const [update, later] = ['Update', 'Later'];
        const text = 'hpc-ls: the server in the private environment is not the one of this version of the extension.';
        return (await vscode.window.showInformationMessage(text, update, later)) === update;
    }

    private async withProgress(plan: Plan): Promise<void> {
        const options = { location: vscode.ProgressLocation.Notification, title: 'hpc-ls', cancellable: true };
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
    }

    private plan(): Plan | undefined {
        const configured = setting('server.package').trim();
        const bundled = this.bundledWheel();
        const wanted = configured === '' ? bundled : configured;
        if (wanted === undefined) {
            return undefined;
        }
        const { version } = this.context.extension.packageJSON as { version: string };
        const stamp = `${version} ${wanted === bundled ? path.basename(wanted) : wanted}`;
        const plan = { environment: this.environment, package: wanted, stamp, python: setting('server.python') };
        return wanted === bundled && this.wheels().length > 1 ? { ...plan, wheels: this.folder } : plan;
    }

    private bundledWheel(): string | undefined {
        const wheel = this.wheels().find((name) => name.startsWith('hpc_ls-'));
        return wheel === undefined ? undefined : path.join(this.folder, wheel);
    }

    /** The server, and in a bundle also everything that it needs. */
    private wheels(): string[] {
        return disk.list(this.folder).filter((name) => name.endsWith('.whl'));
    }

    private get folder(): string {
        return this.context.asAbsolutePath('server');
    }
}
