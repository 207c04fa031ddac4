import { describe, expect, it } from 'vitest';
import { notReady, refused } from '../../../src/errors.ts';
import { createReport, type Report } from '../../../src/report/report.ts';
import { table } from '../../../src/report/table.ts';
import { visibleLog } from '../../../src/report/visible.ts';
import { planLines, type Step } from '../../../src/stack/step.ts';

interface Voice {
  readonly report: Report;
  readonly said: { out: string; err: string };
}

function voice({ json = false, colour = false } = {}): Voice {
  const said = { out: '', err: '' };
  const report = createReport(
    {
      out: (text) => {
        said.out += text;
      },
      err: (text) => {
        said.err += text;
      },
      isLive: false,
      canAsk: false,
      isForPerson: false,
      hasColour: colour,
      width: 80,
      wantsJson: json,
    },
    '1.2.3',
  );
  return { report, said };
}

const step = (action: 'pull image' | 'remove image', target: string, why: string): Step => ({
  id: target,
  do: action,
  target,
  why,
  needs: [],
});
const STEPS = [step('pull image', 'caddy:2', 'not on this host'), step('remove image', 'n8n', 'left over')];
const TROUBLE = refused('It is wrong.', 'line 1 is wrong\nline 2 too', 'Mend it.');

describe('what a command says', () => {
  it('goes to stdout when it was asked for, and to stderr when it is about the work', () => {
    const { report, said } = voice();
    report.show(['the answer']);
    report.say('at work');
    report.warn('take care');
    expect(said).toEqual({ out: 'the answer\n', err: 'at work\n! take care\n' });
  });

  it('with --json is one document on stdout, whatever else it shows', () => {
    const { report, said } = voice({ json: true });
    report.show(['the answer']);
    report.plan(STEPS, true);
    report.document({ tenant: 'tenant-1001' });
    report.document({ changed: 2 });
    expect(report.finish()).toBe(0);
    expect(JSON.parse(said.out)).toEqual({
      plan: [
        { do: 'pull image', target: 'caddy:2', why: 'not on this host' },
        { do: 'remove image', target: 'n8n', why: 'left over' },
      ],
      tenant: 'tenant-1001',
      changed: 2,
    });
  });

  it('has colour on a terminal that shows it, and nowhere else', () => {
    for (const colour of [true, false]) {
      const { report, said } = voice({ colour });
      report.warn('take care');
      report.progress().succeeded(STEPS[0] as Step);
      report.finish(TROUBLE);
      expect([colour, said.err.includes('\u001b')]).toEqual([colour, colour]);
    }
  });
});

/** Clears the screen, sets the title, hides itself, turns the line round; the last two in one letter each. */
const HOSTILE = 'a\u001b[2Jb\u001b]0;x\u0007c\u001b[8md\re\u009b2Jf\u202eg\u007f';
const OBEYED = /(?!\n)[\p{Cc}\p{Bidi_Control}]/u;

describe('words of a tenant', () => {
  it('never move the cursor of an admin, whatever quotes them', () => {
    for (const json of [false, true]) {
      const { report, said } = voice({ json });
      report.say(HOSTILE);
      report.warn(HOSTILE);
      report.show([HOSTILE]);
      report.plan([step('pull image', HOSTILE, HOSTILE)], true);
      report.progress().succeeded(step('pull image', HOSTILE, HOSTILE));
      report.finish(refused(HOSTILE, HOSTILE, HOSTILE));
      expect(said.out + said.err).not.toMatch(OBEYED);
      if (json) expect(JSON.parse(said.out).error.what).toBe(HOSTILE);
      else expect(said.out).toMatch(/^a\\u001b\[2Jb/m);
    }
  });

  it('have none of that on a terminal with colour either', () => {
    const { report, said } = voice({ colour: true });
    report.warn(HOSTILE);
    expect(said.err).toContain('\u001b[33m!\u001b[39m a\\u001b[2Jb');
    expect(said.err.replaceAll('\u001b[33m', '').replaceAll('\u001b[39m', '')).not.toMatch(OBEYED);
  });

  it('keep their colours in a log, and nothing else', () => {
    expect(visibleLog('\u001b[32minfo\u001b[0m\tone\r\ntwo\u001b[2J\n')).toBe(
      '\u001b[32minfo\u001b[0m\tone\ntwo\\u001b[2J\n',
    );
  });
});

describe('a trouble', () => {
  it('is said in three parts: what, why, what to do', () => {
    const { report, said } = voice();
    expect(report.finish(TROUBLE)).toBe(2);
    expect(said.err).toBe('✖ It is wrong.\n  why  line 1 is wrong\n       line 2 too\n  fix  Mend it.\n');
    expect(said.out).toBe('');
  });

  it('is in the document too, beside what was found out before', () => {
    const { report, said } = voice({ json: true });
    report.document({ tenant: 'tenant-1001' });
    expect(report.finish(notReady('No.', 'because', 'do'))).toBe(3);
    expect(JSON.parse(said.out)).toEqual({
      tenant: 'tenant-1001',
      error: { what: 'No.', why: 'because', fix: 'do', exitCode: 3 },
    });
  });

  it.each([
    ['an error', new TypeError('x is undefined'), 'x is undefined'],
    ['anything else', 'a string', 'a string'],
  ])('that nobody foresaw (%s) is called a bug, with version and place: exit 1', (_title, thrown, why) => {
    const { report, said } = voice();
    expect(report.finish(thrown)).toBe(1);
    expect(said.err).toContain('This is a bug in aiplat.');
    expect(said.err).toContain('aiplat 1.2.3');
    expect(said.err).toContain(why);
  });
});

describe('the progress of a plan without a live terminal', () => {
  it('is one line for each step when it ends, and says why it was left out', () => {
    const { report, said } = voice();
    const progress = report.progress();
    const [pull, remove] = STEPS as [Step, Step];
    progress.started(pull);
    progress.noted(pull, '50 of 100 MB');
    progress.failed(pull, refused('No such image.', '', ''));
    progress.skipped(remove, pull.id);
    expect(said.err.split('\n')).toEqual([
      expect.stringMatching(/^✖ pull image caddy:2: No such image\. {2}\d+\.\d s$/),
      '– remove image n8n left out, because it needs: caddy:2',
      '',
    ]);
    expect(said.out).toBe('');
  });
});

describe('columns', () => {
  it('of a plan stand below each other', () => {
    expect(planLines(STEPS)).toEqual([
      'pull image    caddy:2  not on this host',
      'remove image  n8n      left over',
    ]);
    expect(planLines([])).toEqual([]);
  });

  it('of a table are as wide as what is seen of them: colours take no room', () => {
    const rows = [
      { name: '\u001b[32mn8n\u001b[39m', count: '5' },
      { name: 'prometheus', count: '12' },
    ];
    const lines = table(
      [
        { title: 'name', cell: ({ name }: (typeof rows)[number]) => name },
        { title: 'n', cell: ({ count }: (typeof rows)[number]) => count, align: 'right' },
      ],
      rows,
    );
    expect(lines).toEqual(['name         n', '\u001b[32mn8n\u001b[39m          5', 'prometheus  12']);
  });
});
