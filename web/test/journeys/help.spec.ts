import { at, expect, join1, picture, test } from '../demo.ts';

test('help is on every page, by the keyboard too, and before the sign-in', async ({ page, demo }) => {
  await page.goto(demo.api_url + '/sign-in');
  await picture(page, 'signin-help');
  await page.getByRole('link', { name: 'Help' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Help' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible();
  await picture(page, 'help-signed-out');

  await join1(page, demo);
  // The question mark is among the first stops of a page, after the way here, and leads to what is said of it.
  for (const [path, topic] of [['/directory-synchronization', 'status'], ['/retention', 'records'], ['/users', 'users'], ['/administrators', 'roles']] as const) {
    await page.goto(at(demo, path));
    await page.locator('#main').focus();
    const mark = page.locator('.top .helpon');
    for (let stops = 0; stops < 4 && !await mark.evaluate((link) => link === document.activeElement); stops++) await page.keyboard.press('Tab');
    await expect(mark).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(at(demo, `/help#${topic}`));
    await expect(page.locator(`#${topic}`)).toBeInViewport();
  }
  await page.getByRole('navigation', { name: 'On this page' }).getByRole('link', { name: 'Keyboard' }).click();
  await expect(page.getByText('closes a dialog without doing anything')).toBeInViewport();
  await picture(page, 'help');
  await page.getByRole('link', { name: 'NOTICE' }).click();
  await expect(page.getByText('Libraries compiled into the rollcall binary')).toBeVisible();
  await picture(page, 'help-licences');
  await page.context().addCookies([{ name: 'language', value: 'fr', url: demo.api_url }]);
  await page.goto(at(demo, '/help'));
  await expect(page.getByRole('heading', { level: 2, name: 'Ce qui supprime, et ce qui ne supprime pas' })).toBeVisible();
  await picture(page, 'help-fr');
});
