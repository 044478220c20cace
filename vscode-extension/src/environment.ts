/**
 * The private environment of the server: made with the user's consent, in a folder of the extension, never in the workspace.
 *
 * Nothing here knows VS Code, so that every branch can be tested.
 */

import * as path from 'node:path';
import { environmentPython, expandHome, findOnPath, type Machine } from './discovery';

export const OLDEST_PYTHON: readonly [number, number] = [3, 10];

/** What a finished program left behind. `status` is null when it could not be started or was killed. */
export interface Outcome {
    readonly status: number | null;
    readonly output: string;
}

/** Starts a program without a shell and waits for it. */
export type Run = (command: string, args: readonly string[], cwd: string) => Promise<Outcome>;

/** The parts of the file system that making an environment needs. */
export interface Disk {
    exists(file: string): boolean;
    read(file: string): string | undefined;
    write(file: string, text: string): void;
    remove(folder: string): void;
    makeFolder(folder: string): void;
}

export interface Plan {
    /** The folder of the environment. */
    readonly environment: string;
    /** What pip installs. */
    readonly package: string;
    /** Names the package's version; an environment with another stamp is out of date. */
    readonly stamp: string;
    /** The setting `hpc-ls.server.python`, possibly empty. */
    readonly python: string;
    /** A folder with wheels of everything that the package needs, the model's run-time included, for some Python. */
    readonly wheels?: string;
}

/** Why the environment could not be made: a sentence that says what to do. Details are in the output channel. */
export class SetUpError extends Error {}

const STAMP = 'hpc-ls.stamp';

/** Whether the environment is complete; it may still be that of an older version. */
export function isReady(environment: string, disk: Disk): boolean {
    return disk.exists(path.join(environment, STAMP));
}

/** Whether the environment is complete and holds what the plan asks for. */
export function isCurrent(plan: Plan, disk: Disk): boolean {
    return disk.read(path.join(plan.environment, STAMP)) === plan.stamp;
}

/**
 * Finds a Python that is new enough and can make environments.
 *
 * Raises SetUpError that names each interpreter tried and what was wrong with it.
 */
export async function findPython(configured: string, machine: Machine, run: Run, cwd: string): Promise<string> {
    const tried: string[] = [];
    for (const python of pythonCandidates(configured.trim(), machine)) {
        const outcome = await run(python, ['-I', '-c', PROBE], cwd);
        const flaw = flawOf(outcome);
        if (flaw === undefined) {
            return python;
        }
        tried.push(`${python}: ${flaw}`);
    }
    const wanted = OLDEST_PYTHON.join('.');
    if (tried.length === 0) {
        throw new SetUpError(
            configured.trim() === ''
                ? `No Python on PATH. Install Python ${wanted} or newer, or name one in hpc-ls.server.python.`
                : `hpc-ls.server.python is "${configured}", but there is no such program.`,
        );
    }
    throw new SetUpError(`No usable Python (${wanted} or newer, with venv). ${tried.join('; ')}.`);
}

// One line: the version, then whether environments can be made (Debian ships venv without ensurepip).
const PROBE = [
    'import sys, importlib.util as u',
    'print(*sys.version_info[:2], all(map(u.find_spec, ("venv", "ensurepip"))))',
].join('\n');

function flawOf(outcome: Outcome): string | undefined {
    const match = /^(\d+) (\d+) (True|False)$/m.exec(outcome.output);
    if (outcome.status !== 0 || match === null) {
        return 'does not run';
    }
    const [major, minor] = [Number(match[1]), Number(match[2])];
    if (major < OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor < OLDEST_PYTHON[1])) {
        return `is Python ${major}.${minor}`;
    }
    return match[3] === 'True' ? undefined : `lacks venv (on Debian and Ubuntu: apt install python3-venv)`;
}

function pythonCandidates(configured: string, machine: Machine): string[] {
    if (configured !== '') {
        const file = expandHome(configured, machine);
        const found = path.isAbsolute(file) ? (machine.isExecutable(file) ? file : undefined) : findOnPath(file, machine, []);
        return found === undefined ? [] : [found];
    }
    const newer = Array.from({ length: 10 }, (_, index) => `python3.${String(19 - index)}`);
    const names = ['python3', 'python', ...newer];
    const found = names.map((name) => findOnPath(name, machine, [])).filter((file) => file !== undefined);
    return [...new Set(found)];
}

/**
 * Makes the environment, from nothing: a half-made one of an earlier try is removed first.
 *
 * Raises SetUpError. `report` is told what is being done, in a few words.
 */
export async function makeEnvironment(
    plan: Plan,
    machine: Machine,
    disk: Disk,
    run: Run,
    report: (message: string) => void,
): Promise<void> {
    const parent = path.dirname(plan.environment);
    disk.makeFolder(parent);
    report('looking for Python');
    const python = await findPython(plan.python, machine, run, parent);
    disk.remove(plan.environment);
    report('making the environment');
    await must(run(python, ['-I', '-m', 'venv', plan.environment], parent), `${python} could not make an environment`);
    report('installing the server');
    const inner = environmentPython(plan.environment, machine.platform);
    const pip = ['-I', '-m', 'pip', '--disable-pip-version-check', '--no-input', 'install'];
    if (!(await installedFromWheels(plan, run, inner, pip, parent))) {
        await must(run(inner, [...pip, plan.package], parent), `pip could not install ${plan.package}`);
    }
    report('checking the server');
    await must(run(inner, ['-I', '-c', 'import lsp_server'], parent), 'The installed server does not load');
    disk.write(path.join(plan.environment, STAMP), plan.stamp);
}

/** Whether the wheels at hand were enough: without network and compiler. They are for one version of Python. */
async function installedFromWheels(plan: Plan, run: Run, python: string, pip: string[], cwd: string): Promise<boolean> {
    if (plan.wheels === undefined) {
        return false;
    }
    const alone = ['--no-index', '--find-links', plan.wheels, `${plan.package}[model]`];
    return (await run(python, [...pip, ...alone], cwd)).status === 0;
}

async function must(running: Promise<Outcome>, failure: string): Promise<void> {
    const outcome = await running;
    if (outcome.status === 0) {
        return;
    }
    const lines = outcome.output.trim().split('\n');
    const reason = lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? '';
    throw new SetUpError(`${failure}: ${reason.trim()} See the output of hpc-ls.`);
}
