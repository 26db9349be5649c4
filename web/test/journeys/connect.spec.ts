import { at, expect, join1, picture, sim, test } from '../demo.ts';

interface Tenant { tenant_id: string; client_id: string; client_secret: string }
interface Requests { value: { id: string; state: string }[] }

test('a tenant is connected: consent is declined, requested, granted, taken back and renewed', async ({ page, demo }) => {
  await join1(page, demo);
  const tenant = await sim(demo, 'GET', '/tenant') as Tenant;
  await page.goto(at(demo, '/connections'));
  await expect(page.getByRole('heading', { level: 1, name: 'Connections' })).toBeVisible();
  await picture(page, 'connect-list');

  await page.goto(at(demo, '/connections/registration'));
  await expect(page.getByText(demo.api_url + '/connect/callback').first()).toBeVisible();
  await picture(page, 'connect-registration');
  await page.getByRole('link', { name: 'Connect a tenant' }).click();

  // The form, with an error in its place.
  await page.getByLabel('Client ID').fill(tenant.client_id);
  await page.getByRole('radio', { name: 'Certificate' }).check();
  await page.getByLabel('Certificate with private key').fill('no certificate');
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(page.getByRole('alert')).toContainText('cannot be used');
  await picture(page, 'connect-form');
  await page.getByRole('radio', { name: 'Client secret' }).check();
  await page.getByLabel('Client secret', { exact: true }).last().fill(tenant.client_secret);
  await page.getByLabel('Ends on').fill('2099-01-31');
  await page.getByRole('button', { name: 'Go on' }).click();

  // Every permission with its use, then Microsoft; the administrator there declines.
  await sim(demo, 'POST', '/consent/revoke');
  await expect(page.getByRole('heading', { level: 1, name: 'Before you go to Microsoft' })).toBeVisible();
  for (const name of ['User.Read.All', 'GroupMember.Read.All', 'Organization.Read.All']) await expect(page.getByText(name, { exact: true })).toBeVisible();
  await picture(page, 'connect-consent');
  const here = page.url().replace(/\/consent$/, '');
  await page.getByRole('button', { name: 'Accept at Microsoft' }).click();
  await page.getByRole('button', { name: 'Alex Admin' }).click(); // he signs in, which tells the tenant
  await page.getByRole('button', { name: 'Alex Admin' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByText('Consent was declined at Microsoft.')).toBeVisible();
  await expect(page).toHaveURL(here);
  await picture(page, 'connect-declined');

  // The way back is good once, and leads nowhere else.
  await page.goto(`${demo.api_url}/connect/callback?state=of-somebody-else&admin_consent=True&tenant=${tenant.tenant_id}`);
  await expect(page.getByRole('alert')).toContainText('begun by somebody else');
  await picture(page, 'connect-back');
  await page.goto(here);

  // Somebody who may not consent requests it.
  await page.getByRole('link', { name: 'Sign in and consent' }).click();
  await page.getByRole('button', { name: 'Accept at Microsoft' }).click();
  await page.getByRole('button', { name: 'Uma User' }).click();
  await page.getByRole('button', { name: 'Request approval' }).click();
  await page.getByRole('button', { name: 'Back to the application' }).click();
  await expect(page.getByText('Waiting for consent')).toBeVisible();
  await expect(page.getByText('Identity > Applications > Enterprise applications > Activity > Admin consent requests > the app > Review permissions and accept')).toBeVisible();
  await expect(page.getByText('The app > Security > Permissions > Grant admin consent')).toBeVisible();
  await picture(page, 'connect-waiting');

  // An administrator approves elsewhere; the page goes on by itself.
  const { value } = await sim(demo, 'GET', '/consent/requests') as Requests;
  await sim(demo, 'POST', `/consent/requests/${value[0]?.id}/approve`);
  await expect(page.getByText('The tenant grants what is needed.')).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/The tenant was read: \d+ users/)).toBeVisible({ timeout: 60_000 });
  await page.reload();
  await expect(page.getByText('Granted', { exact: true })).toHaveCount(3);
  await picture(page, 'connect-connected');

  // Saved untouched, the form changes nothing.
  await page.getByText('Change access').click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Nothing was changed.')).toBeVisible();

  // Consent is taken back: it is said, with what never to do, and renewed.
  await sim(demo, 'POST', '/consent/revoke');
  await page.getByRole('button', { name: 'Check now' }).click();
  await expect(page.getByText('Never delete the app in Entra', { exact: true })).toBeVisible();
  await picture(page, 'connect-renew');
  await page.getByRole('link', { name: 'Renew consent' }).first().click();
  await picture(page, 'connect-renew-consent');
  await page.getByRole('button', { name: 'Accept at Microsoft' }).click();
  await page.getByRole('button', { name: 'Alex Admin' }).click();
  await page.getByRole('button', { name: 'Accept', exact: true }).click();
  await expect(page.getByText('Connected', { exact: true })).toBeVisible({ timeout: 60_000 });

  // The Directory Connector still writes.
  const made = await fetch(`${demo.api_url}/api/v1/organizations/${demo.org_id}/tokens`, {
    method: 'POST', headers: { authorization: `Bearer ${demo.api_token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'connector.corp', role: 'scim-writer', source: 'AD' }),
  });
  expect(made.status, await made.text()).toBe(201);
  await page.reload();
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('dialog')).toContainText('connector.corp');
  await picture(page, 'connect-connector');
  await page.getByRole('dialog').getByRole('button', { name: 'Block' }).click();
  await expect(page.getByText('The Directory Connector is blocked.')).toBeVisible();
  await expect(page.getByRole('heading', { level: 1, name: 'Set up' })).toBeVisible();
  await page.goto(here);
  await expect(page.getByRole('link', { name: 'Continue' })).toBeVisible();

  await page.context().addCookies([{ name: 'language', value: 'fr', url: demo.api_url }]);
  await page.reload();
  await expect(page.getByText('Le locataire accorde ce qu’il faut.')).toBeVisible();
  await page.getByText('Modifier l’accès').click();
  await picture(page, 'connect-fr');
  await page.getByRole('button', { name: 'Supprimer la connexion' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Supprimer la connexion' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Connexions' })).toBeVisible();
  await expect(page.getByText('La connexion a été supprimée.')).toBeVisible();
});
