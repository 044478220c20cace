/**
 * Where the server is: the setting, then `hpc-ls` on PATH, then the private environment of this extension.
 *
 * Nothing here knows VS Code, so that every branch can be tested.
 */

import * as path from 'node:path';

/** How to start the server. `origin` says why this one, for the output channel and the status item. */
export interface Launch {
    readonly command: string;
    readonly args: readonly string[];
    readonly origin: string;
}

/** The parts of the machine that discovery looks at. */
export interface Machine {
    readonly platform: NodeJS.Platform;
    readonly home: string;
    /** The value of PATH, or of Path on Windows. */
    readonly searchPath: string;
    isExecutable(file: string): boolean;
}

export interface Request {
    /** The setting `hpc-ls.server.path`, possibly empty. */
    readonly configured: string;
    /** Where the private environment would be. */
    readonly environment: string;
    /** Whether the private environment is complete. */
    readonly environmentReady: boolean;
    /** Folders whose programs must not be started: those of a workspace without trust. */
    readonly untrustedFolders: readonly string[];
}

export type Found = { readonly launch: Launch } | { readonly problem: string } | 'missing';

export const PRIVATE = 'private environment of the extension';

// -I: no module of the working folder, of PYTHONPATH or of the user's site-packages can stand in for one of ours.
const ISOLATED = ['-I', '-m', 'lsp_server'];

/** Finds the server; `problem` is a sentence for the user, 'missing' means that it has to be set up. */
export function findServer(request: Request, machine: Machine): Found {
    const configured = request.configured.trim();
    if (configured !== '') {
        return fromSetting(configured, machine);
    }
    const onPath = findOnPath('hpc-ls', machine, request.untrustedFolders);
    if (onPath !== undefined) {
        return { launch: { command: onPath, args: ['serve'], origin: 'found on PATH' } };
    }
    if (request.environmentReady) {
        const python = environmentPython(request.environment, machine.platform);
        if (machine.isExecutable(python)) {
            return { launch: { command: python, args: ISOLATED, origin: PRIVATE } };
        }
    }
    return 'missing';
}

function fromSetting(configured: string, machine: Machine): Found {
    const file = expandHome(configured, machine);
    const command = pathOf(machine.platform).isAbsolute(file) ? executable(file, machine) : findOnPath(file, machine, []);
    if (command === undefined) {
        return { problem: `hpc-ls.server.path is "${configured}", but there is no such program.` };
    }
    const args = isPython(command, machine.platform) ? ISOLATED : ['serve'];
    return { launch: { command, args, origin: 'setting hpc-ls.server.path' } };
}

/**
 * The first program of this name on PATH, or undefined.
 *
 * Relative entries of PATH mean the working folder, which the workspace owns, and are passed over; so is what lies
 * inside one of `without`. A `name` with a folder in it is not looked up.
 */
export function findOnPath(name: string, machine: Machine, without: readonly string[]): string | undefined {
    const paths = pathOf(machine.platform);
    if (paths.basename(name) !== name) {
        return undefined;
    }
    for (const folder of machine.searchPath.split(paths.delimiter)) {
        if (!paths.isAbsolute(folder) || without.some((root) => isInside(folder, root, machine.platform))) {
            continue;
        }
        const found = executable(paths.join(folder, name), machine);
        if (found !== undefined) {
            return found;
        }
    }
    return undefined;
}

/** The interpreter of a virtual environment. */
export function environmentPython(environment: string, platform: NodeJS.Platform): string {
    const inner = platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python'];
    return pathOf(platform).join(environment, ...inner);
}

export function expandHome(file: string, machine: Pick<Machine, 'platform' | 'home'>): string {
    if (file === '~') {
        return machine.home;
    }
    return /^~[/\\]/.test(file) ? pathOf(machine.platform).join(machine.home, file.slice(2)) : file;
}

function executable(file: string, machine: Machine): string | undefined {
    const suffixes = machine.platform === 'win32' ? ['.exe', ''] : [''];
    return suffixes.map((suffix) => file + suffix).find((candidate) => machine.isExecutable(candidate));
}

function isPython(command: string, platform: NodeJS.Platform): boolean {
    return /^(python|pypy)[\d.]*(\.exe)?$/i.test(pathOf(platform).basename(command));
}

function isInside(folder: string, root: string, platform: NodeJS.Platform): boolean {
    const paths = pathOf(platform);
    const rest = paths.relative(root, folder);
    return rest !== '..' && !rest.startsWith(`..${paths.sep}`) && !paths.isAbsolute(rest);
}

function pathOf(platform: NodeJS.Platform): path.PlatformPath {
    return platform === 'win32' ? path.win32 : path.posix;
}
