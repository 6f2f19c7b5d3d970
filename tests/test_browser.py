"""The report in a real browser: it draws, its sliders work, and it fits a phone.

Where there is no Chromium these tests are skipped, but fail where ``CI`` is set.
"""

import os
import shutil

import numpy as np
import pytest
import tifffile

from tests.helpers.commands import invoke

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZES = {"desktop": (1280, 900, False), "phone": (375, 667, True)}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Start Chromium once."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if found is None or driver is None:
        message = "no chromium and chromedriver here"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = found
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(driver))
    yield browser
    browser.quit()


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Write a report on 3 times, 2 channels and 2 wells, with an empty cell and an odd file."""
    folder = tmp_path_factory.mktemp("plate with a rather long name, as plates have")
    ramp = np.arange(64 * 96, dtype=np.uint16).reshape(64, 96)
    for time in range(3):
        for c, channel in enumerate(("DAPI", "GFP")):
            for w, well in enumerate(("A01", "B01")):
                image = np.roll(ramp, 9 * time + 30 * c + 50 * w, axis=1)
                tifffile.imwrite(folder / f"{well}_t{time}_{channel}.tif", image)
    (folder / "B01_t1_GFP.tif").unlink()
    (folder / "A01_t2_DAPI.tif").write_bytes(b"no TIFF")
    output = folder / "report.html"
    result = invoke("report", folder, "-o", output)
    assert result.exit_code == 0, result.output
    return output


@pytest.fixture(scope="module")
def page_of_stack(tmp_path_factory):
    """Write a report on a stack of planes of a million pixels, whose ends are flat."""
    folder = tmp_path_factory.mktemp("stack")
    image = np.arange(2**20, dtype=np.uint32).reshape(1024, 1024)
    for z in range(9):
        tifffile.imwrite(folder / f"z{z}.tif", image * (2 < z < 6), compression="zlib")
    output = folder / "report.html"
    result = invoke("report", folder, "-o", output)
    assert result.exit_code == 0, result.output
    return output


@pytest.fixture(params=["light", "dark"])
def scheme(request):
    return request.param


@pytest.fixture(params=SIZES)
def opened(request, browser, page, scheme):
    """Show the page at the size of a screen, in light or dark colours."""
    return show(browser, page, request.param, scheme)


def show(browser, page, device, scheme):
    width, height, mobile = SIZES[device]
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    browser.get_log("browser")  # what earlier pages left
    browser.get(page.as_uri())
    return browser


def pictures(browser):
    """Return what is in each panel, by well: an image that has been decoded, or words."""
    return browser.execute_script(
        "return Array.from(document.querySelectorAll('#panels figure'), (f) => {"
        "  const image = f.querySelector('img');"
        "  return [f.title.split(':')[0], image ? image.src : "
        "f.querySelector('div').textContent];"
        "})"
    )


def slide(browser, name, value):
    """Move a slider as a hand does."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    slider = browser.find_element(By.ID, name)
    slider.send_keys(Keys.HOME, *[Keys.ARROW_RIGHT] * value)


def label(browser, name):
    return browser.execute_script(
        "return document.getElementById(arguments[0]).textContent", f"{name}-label"
    )


def test_report_has_no_errors(opened):
    """Nothing in the console: no script failed, no file was asked for."""
    slide(opened, "channel", 1)
    assert opened.get_log("browser") == []
    asked = opened.execute_script(
        "return performance.getEntriesByType('resource').map((e) => e.name)"
        ".filter((name) => !name.startsWith('data:'))"
    )
    assert asked == []


def test_report_fits_the_screen(opened):
    """Whoever must scroll sideways on a phone, leaves."""
    wide, inner = opened.execute_script(
        "return [document.documentElement.scrollWidth, window.innerWidth]"
    )
    assert wide <= inner
    outside = opened.execute_script(
        "return Array.from(document.querySelectorAll('section *'))"
        ".filter((e) => e.getBoundingClientRect().right > window.innerWidth + 1)"
        ".filter((e) => !e.closest('pre, .scroll')).map((e) => e.outerHTML.slice(0, 100))"
    )
    assert outside == []


def test_sliders_change_the_pictures(opened):
    """Each channel and time has pictures of its own, and words where there are none."""
    assert (label(opened, "channel"), label(opened, "time")) == ("DAPI", "0")
    seen = {}
    for channel, name in enumerate(("DAPI", "GFP")):
        slide(opened, "channel", channel)
        for time in range(3):
            slide(opened, "time", time)
            assert (label(opened, "channel"), label(opened, "time")) == (name, str(time))
            seen[name, time] = dict(pictures(opened))
    assert seen["GFP", 1]["B01"] == "no file"
    assert seen["DAPI", 2]["A01"] == "cannot be read"
    shown = [src for panels in seen.values() for src in panels.values()]
    images = [src for src in shown if src.startswith("data:image/jpeg;base64,")]
    assert len(shown) == 12
    assert len(set(images)) == 10


def test_pictures_are_decoded(opened):
    """A broken image is a blank to people, and no error to programs."""
    widths = opened.execute_async_script(
        "const done = arguments[0];"
        "Promise.all(Array.from(document.images, (i) => i.decode().then(() => i.naturalWidth)))"
        ".then(done, (error) => done(String(error)));"
    )
    assert widths == [96, 96]


def test_map_tells_of_odd_cells(opened):
    """An empty cell is crossed out; of a broken file, its cell says what is wrong."""
    drawing, titles = opened.execute_script(
        "const svg = document.querySelector('.map svg');"
        "return [svg.getAttribute('aria-label'),"
        " Array.from(svg.querySelectorAll('title'), (t) => t.textContent)]"
    )
    assert drawing == "map of the grid: 96-well plate, 1 empty cell"
    assert any("not a TIFF file" in title for title in titles)


def test_text_can_be_read(opened, scheme):
    """Light on dark or dark on light: with enough contrast, by the rule of WCAG 2."""
    colours = opened.execute_script(
        "return ['body', 'dt', 'h2 small', 'figcaption', 'summary b'].map((s) => {"
        "  const e = document.querySelector(s);"
        "  return e && getComputedStyle(e).color}).concat("
        "  [getComputedStyle(document.querySelector('section')).backgroundColor])"
    )
    *texts, ground = [luminance(colour) for colour in colours if colour]
    assert (ground < 0.1) == (scheme == "dark")
    for text in texts:
        assert (max(text, ground) + 0.05) / (min(text, ground) + 0.05) >= 4.5


def luminance(colour):
    parts = [int(c) / 255 for c in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_plate_is_drawn_as_one(opened):
    """Ninety-six places in eight rows, of which those with files have pictures."""
    places, heads, rows = opened.execute_script(
        "const all = Array.from(document.querySelectorAll('#panels figure, #panels .unused'));"
        "const heads = Array.from(document.querySelectorAll('#panels .head'));"
        "return [all.length, heads.map((e) => e.textContent), "
        "new Set(all.map((e) => Math.round(e.getBoundingClientRect().y))).size]"
    )
    assert places == 96
    assert sorted(heads) == sorted([*"ABCDEFGH", *map(str, range(1, 13))])
    assert rows == 8


@pytest.mark.parametrize("device", SIZES)
def test_report_of_a_stack(browser, page_of_stack, device):
    """The plane in the middle is shown first, and labels with seven digits are whole."""
    opened = show(browser, page_of_stack, device, "light")
    assert label(opened, "time") == "4"
    outside, longest = opened.execute_script(
        "const texts = Array.from(document.querySelectorAll('.histograms text'));"
        "const svg = document.querySelector('.histograms svg').getBoundingClientRect();"
        "return [texts.filter((e) => e.getBoundingClientRect().left < svg.left)"
        ".map((e) => e.textContent), Math.max(...texts.map((e) => e.textContent.length))]"
    )
    assert outside == []
    assert longest >= 9
