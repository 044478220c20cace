// What a person does in the workbench, as functions: open, look, type, run a command, take a picture.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

const FLAGS = [
    '--no-sandbox', // the tests may run as root, in a container
    '--disable-gpu',
    '--disable-quic',
    '--disable-dev-shm-usage',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
];

/** Opens the workbench on `folder`; `payload` is VS Code's own list of start options. */
export async function openWorkbench({ browser, port, folder, payload = [], shots, prepare }) {
    const instance = await chromium.launch({ executablePath: browser, args: FLAGS });
    const context = await instance.newContext({ viewport: { width: 1280, height: 860 }, deviceScaleFactor: 1.5 });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const complaints = [];
    page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text().slice(0, 300));
    });
    await prepare?.(page);
    const query = new URLSearchParams({ folder, payload: JSON.stringify(payload) });
    await page.goto(`http://127.0.0.1:${port}/?${query}`);
    await page.waitForSelector('.monaco-workbench', { timeout: 60_000 });
    return new Workbench(instance, page, shots, complaints);
}

export class Workbench {
    constructor(instance, page, shots, complaints) {
        Object.assign(this, { instance, page, shots, complaints });
    }

    close() {
        return this.instance.close();
    }

    /** Saves a picture of the whole window. */
    async picture(name) {
        mkdirSync(this.shots, { recursive: true });
        await this.page.screenshot({ path: path.join(this.shots, `${name}.png`) });
    }

    /** Waits until an element with this selector, and this text where given, is visible. */
    async see(selector, text, timeout = 15_000) {
        const found = this.page.locator(selector).filter(text === undefined ? {} : { hasText: text }).first();
        await found.waitFor({ state: 'visible', timeout });
        return found;
    }

    async gone(selector, text) {
        const found = this.page.locator(selector).filter(text === undefined ? {} : { hasText: text }).first();
        await found.waitFor({ state: 'hidden' });
    }

    async press(keys) {
        await this.page.keyboard.press(keys);
    }

    async type(text) {
        await this.page.keyboard.type(text, { delay: 30 });
    }

    /** Runs a command from the palette by its full title. */
    async command(title) {
        await this.press('F1');
        await this.see('.quick-input-widget');
        await this.page.keyboard.insertText(title);
        await this.see('.quick-input-list .monaco-list-row', title);
        await this.press('Enter');
        await this.gone('.quick-input-widget');
    }

    /** Puts the cursor at a one-based line and column. */
    async goTo(line, column = 1) {
        await this.press('Control+1'); // focus the first group of editors
        await this.press('Control+g');
        await this.see('.quick-input-widget');
        await this.page.keyboard.insertText(`${line}:${column}`);
        await this.see('.quick-input-list .monaco-list-row');
        await this.press('Enter');
        await this.gone('.quick-input-widget');
    }

    async save() {
        await this.press('Control+s');
        await this.page.locator('.tab.active.dirty').waitFor({ state: 'hidden' });
    }
}
