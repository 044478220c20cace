/** How often a server that dies is started again. Nothing here knows VS Code. */

/** Grants `limit` restarts in any stretch of `span` milliseconds, and no more after the first refusal. */
export class Restarts {
    private readonly times: number[] = [];
    private refused = false;

    constructor(
        private readonly limit = 4,
        private readonly span = 180_000,
        private readonly now: () => number = Date.now,
    ) {}

    /** Whether the server may be started once more. */
    another(): boolean {
        const time = this.now();
        while (this.times[0] !== undefined && time - this.times[0] > this.span) {
            this.times.shift();
        }
        this.refused ||= this.times.length >= this.limit;
        this.times.push(time);
        return !this.refused;
    }
}
