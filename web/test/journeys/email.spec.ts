// E-mail: a mail server is set and tried, an instance has addresses, and removals that are held are told.
import { createServer, type AddressInfo, type Server } from 'node:net';
import { test, expect, join1, at, sim, picture } from '../demo.ts';

// mailServer speaks SMTP and keeps what it takes. It refuses gone@example.com.
async function mailServer(): Promise<{ server: Server; port: number; mails: string[] }> {
  const mails: string[] = [];
  const server = createServer((socket) => {
    let text = '';
    let inData = false;
    const say = (line: string) => socket.write(`${line}\r\n`);
    const hear = (line: string) => {
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === 'EHLO') return say('250 mail.example.com');
      if (verb === 'RCPT' && line.includes('gone@')) return say('550 5.1.1 no such user');
      if (verb === 'DATA') { inData = true; return say('354 go on'); }
      if (verb === 'QUIT') { say('221 bye'); return socket.end(); }
      return say('250 2.0.0 ok');
    };
    say('220 mail.example.com');
    socket.on('error', () => { socket.destroy(); });
    socket.on('data', (chunk) => {
      text += chunk.toString();
      for (let end = text.indexOf(inData ? '\r\n.\r\n' : '\r\n'); end >= 0; end = text.indexOf(inData ? '\r\n.\r\n' : '\r\n')) {
        const part = text.slice(0, end);
        text = text.slice(end + (inData ? 5 : 2));
        if (inData) { mails.push(part.replaceAll('=\r\n', '')); inData = false; say('250 2.0.0 queued as 1'); } else hear(part);
      }
    });
  });
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  return { server, port: (server.address() as AddressInfo).port, mails };
}

test('a mail server is set and tried, and held removals are told to an address of the instance', async ({ page, demo }) => {
  const { server, port, mails } = await mailServer();
  await join1(page, demo);
  await page.goto(at(demo, '/domains'));
  await page.getByRole('link', { name: 'E-mail', exact: true }).click();
  await expect(page.getByText('Nobody is told by e-mail')).toBeVisible();
  await picture(page, 'email-none');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved.', { exact: true })).toBeVisible();
  await expect(page.getByLabel('Send with')).toHaveValue('');

  await page.getByLabel('Send with').selectOption('own');
  await page.getByRole('textbox', { name: 'Mail server' }).fill('smtp.example.com');
  await page.getByLabel('Protection').selectOption('none');
  await page.getByLabel('Sender’s address').fill('rollcall@example.com');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('alert')).toContainText('Only a mail server on this machine');
  await page.getByRole('textbox', { name: 'Mail server' }).fill('127.0.0.1');
  await page.getByLabel('Port').fill(String(port));
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved.', { exact: true })).toBeVisible();

  await page.getByLabel('Address', { exact: true }).fill('gone@example.com');
  await page.getByRole('button', { name: 'Send a test message' }).click();
  await expect(page.getByText('550 5.1.1 no such user')).toBeVisible();
  await expect(page.getByText('Check the address')).toBeVisible();
  await picture(page, 'email-refused');
  await page.getByLabel('Address', { exact: true }).fill('ops@example.com');
  await page.getByRole('button', { name: 'Send a test message' }).click();
  await expect(page.getByText('queued as 1')).toBeVisible();
  expect(mails).toHaveLength(1);

  const instances = await (await fetch(`${demo.api_url}/api/v1/organizations/${demo.org_id}/instances`, { headers: { authorization: `Bearer ${demo.api_token}` } })).json() as { items: { id: string }[] };
  const more = at(demo, `/setup/${instances.items[0]?.id ?? ''}/more`);
  await page.goto(more);
  await page.getByLabel('Send an email notification when a failure occurs').check();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Enter at least one address')).toBeVisible();
  await page.getByLabel('E-mail addresses').fill('ops@example.com\nboss@example.com');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved.', { exact: true })).toBeVisible();
  await expect(page.getByLabel('E-mail addresses')).toHaveValue('ops@example.com\nboss@example.com');
  await picture(page, 'configuration-more-notification');

  await sim(demo, 'POST', '/random', { changes: 30, kinds: ['delete'] });
  await expect.poll(() => mails.length, { timeout: 30_000 }).toBe(3);
  const link = /https?:\/\/\S+\/held/.exec(mails[1] ?? '');
  await page.goto(link?.[0] ?? '');
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/held|approv/i);
  await page.goto(at(demo, '/email'));
  await expect(page.getByRole('row', { name: /Removals are held.*boss@example.com.*Sent/ })).toBeVisible();
  await picture(page, 'email');
  server.close();
});
