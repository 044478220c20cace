/** The real machine behind the interfaces of discovery and environment. */

import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { Machine } from './discovery';
import type { Disk, Run } from './environment';

export function thisMachine(): Machine {
    return {
        platform: process.platform,
        home: os.homedir(),
        searchPath: process.env.PATH ?? '',
        isExecutable: (file) => {
            try {
                fs.accessSync(file, fs.constants.X_OK);
                return fs.statSync(file).isFile();
            } catch {
                return false;
            }
        },
    };
}

export const disk: Disk & { list(folder: string): string[] } = {
    exists: (file) => fs.existsSync(file),
    read: (file) => {
        try {
            return fs.readFileSync(file, 'utf8');
        } catch {
            return undefined;
        }
    },
    list: (folder) => {
        try {
            return fs.readdirSync(folder);
        } catch {
            return [];
        }
    },
    write: (file, text) => {
        fs.mkdirSync(path.dirname(file), { recursive: true });
        fs.writeFileSync(file, text);
    },
    remove: (folder) => {
        fs.rmSync(folder, { recursive: true, force: true });
    },
    makeFolder: (folder) => {
        fs.mkdirSync(folder, { recursive: true });
    },
};

/** A Run that passes on what the program prints, line by line, and can be stopped. */
export function runner(log: (line: string) => void, signal?: AbortSignal): Run {
    return (command, args, cwd) =>
        new Promise((resolve) => {
            log(`> ${[command, ...args].join(' ')}`);
            const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], ...(signal && { signal }) });
            let output = '';
            const take = (chunk: string): void => {
                output += chunk;
                chunk.trimEnd().split('\n').forEach(log);
            };
            child.stdout.setEncoding('utf8').on('data', take);
            child.stderr.setEncoding('utf8').on('data', take);
            child.on('error', (error) => {
                resolve({ status: null, output: `${output}\n${error.message}` });
            });
            child.on('close', (status) => {
                resolve({ status, output });
            });
        });
}
