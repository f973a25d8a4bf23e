"""Settings: what is taken, and the words for what is not."""

import re
from dataclasses import fields
from ipaddress import ip_network
from pathlib import Path

import pytest

from hauspost.ground.config import FILE_NAME, SAMPLE, Config, ConfigFault, is_within, load, split_listen


def written(folder: Path, text: str, **environ: str) -> Config:
    (folder / FILE_NAME).write_text(text, "utf-8")
    return load(folder, environ)


def fault(folder: Path, text: str, **environ: str) -> str:
    with pytest.raises(ConfigFault) as caught:
        written(folder, text, **environ)
    return str(caught.value)


def test_an_empty_folder_has_settings_that_work(tmp_path: Path) -> None:
    config = load(tmp_path, {})
    assert (config.folder, config.data, config.smtp_listen) == (tmp_path, tmp_path / "data", "127.0.0.1:2525")
    assert config == Config(folder=tmp_path, data=tmp_path / "data", backup_folder=tmp_path / "backups")


def test_the_sample_shows_every_setting_with_the_value_that_holds(tmp_path: Path) -> None:
    assert written(tmp_path, SAMPLE) == load(tmp_path / "none", {}).__class__(
        folder=tmp_path, data=tmp_path / "data", backup_folder=tmp_path / "backups"
    )
    awake = re.sub(r"^# (?=[a-z_]+ = )", "", SAMPLE, flags=re.MULTILINE)
    assert written(tmp_path, awake) == Config(
        folder=tmp_path, data=tmp_path / "data", backup_folder=tmp_path / "backups"
    )
    assert {line.split(" = ")[0] for line in awake.splitlines() if re.match(r"[a-z_]+ = ", line)} == {
        setting.name for setting in fields(Config)
    } - {"folder"}


def test_the_environment_stands_above_the_file(tmp_path: Path) -> None:
    config = written(
        tmp_path,
        'public_url = "http://file.example"\nundo_seconds = 3\n',
        HAUSPOST_PUBLIC_URL="https://help.firma.example/desk/",
        HAUSPOST_COMPANY_DOMAINS="Firma.example, firma.test",
        HAUSPOST_LISTEN_ALLOW_FROM="10.0.0.0/8",
        HAUSPOST_DEMO="1",
        HAUSPOST_FOLDER="/elsewhere",
        PATH="/bin",
    )
    assert config.public_url == "https://help.firma.example/desk"
    assert (config.public_host, config.public_path, config.is_https) == ("help.firma.example", "/desk", True)
    assert config.public_origin == "https://help.firma.example"
    assert config.company_domains == ("firma.example", "firma.test")
    assert config.listen_allow_from == (ip_network("10.0.0.0/8"),)
    assert (config.undo_seconds, config.demo) == (3, True)


def test_another_port_on_this_machine_is_the_address_to_type(tmp_path: Path) -> None:
    """P18.1: otherwise every form would be refused for its address."""
    assert written(tmp_path, 'web_listen = "127.0.0.1:8111"').public_url == "http://127.0.0.1:8111"
    assert written(tmp_path, 'web_listen = "0.0.0.0:8111"').public_url == "http://127.0.0.1:8000"
    both = 'web_listen = "127.0.0.1:8111"\npublic_url = "https://help.firma.example"'
    assert written(tmp_path, both).public_url == "https://help.firma.example"


def test_the_public_url_gives_the_mail_domain_unless_one_is_set(tmp_path: Path) -> None:
    """P18.1."""
    assert written(tmp_path, 'public_url = "https://help.firma.example"').mail_domain == "help.firma.example"
    assert written(tmp_path, 'public_url = "http://192.0.2.7"').mail_domain == "localhost.localdomain"
    text = 'public_url = "https://help.firma.example"\nmail_domain = "firma.example"'
    assert written(tmp_path, text).mail_domain == "firma.example"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('public_url = "help.firma.example"', "public_url"),
        ('public_url = "https://a:b@help.firma.example"', "public_url"),
        ('public_url = "https://help.firma.example:99999"', "public_url"),
        ('public_url = "https://help.firma.example/?a=b"', "public_url"),
        ('database_url = "mysql://x"', "database_url"),
        ('web_listen = ""', "web_listen"),
        ('web_listen = "8000"', "web_listen"),
        ('smtp_listen = "127.0.0.1:0"', "smtp_listen"),
        ('smtp_listen = "127.0.0.1:70000"', "smtp_listen"),
        ('smtp_listen = "unix:/tmp/x"', "smtp_listen"),
        ("web_workers = 0", "web_workers"),
        ("web_workers = true", "web_workers"),
        ('web_threads = "many"', "web_threads"),
        ('listen_allow_from = ["10.0.0.0/33"]', "listen_allow_from"),
        ('trusted_proxies = {a = "b"}', "trusted_proxies"),
        ('smtp_tls_cert = "missing.pem"', "smtp_tls_cert"),
        ("mail_size_limit = 5", "mail_size_limit"),
        ('mail_size_limit = "lots"', "mail_size_limit"),
        ('outgoing_security = "ssl"', "outgoing_security"),
        ("outgoing_port = 0", "outgoing_port"),
        ('outgoing_host = "mail.firma.example:25"', "outgoing_host"),
        ('mail_domain = "it@firma.example"', "mail_domain"),
        ('company_domains = ["fir ma"]', "company_domains"),
        ('language = "fr"', "language"),
        ('time_zone = "Europe/Kölle"', "time_zone"),
        ('time_zone = "../etc/passwd"', "time_zone"),
        ("demo = 3", "demo"),
        ('auth_serv_id = "a\\nb"', "auth_serv_id"),
        ('data = ""', "data"),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_found_what_is_allowed_and_where(
    tmp_path: Path, line: str, name: str
) -> None:
    words = fault(tmp_path, f"# first line\n{line}\n")
    assert words.startswith(f"The setting {name} (")
    assert f"{FILE_NAME}, line 2" in words
    assert "Allowed: " in words


def test_a_wrong_variable_is_named_as_variable(tmp_path: Path) -> None:
    words = fault(tmp_path, "", HAUSPOST_UNDO_SECONDS="soon")
    assert "environment variable HAUSPOST_UNDO_SECONDS" in words
    assert "'soon'" in words
    assert "from 0 to 600" in words


def test_an_unknown_name_is_refused_with_the_nearest_known_one(tmp_path: Path) -> None:
    assert "smtp_listen is a setting" in fault(tmp_path, 'smpt_listen = "x"')
    assert "public_url is a setting" in fault(tmp_path, "", HAUSPOST_PUBLICURL="x")
    assert "a section" in fault(tmp_path, "[outgoing]\nhost = 'x'\n")


def test_a_file_that_is_no_toml_says_so_with_its_line(tmp_path: Path) -> None:
    assert "line 2" in fault(tmp_path, "demo = false\npublic_url = https://x\n")
    (tmp_path / FILE_NAME).write_bytes(b"demo = \xff")
    with pytest.raises(ConfigFault, match="UTF-8"):
        load(tmp_path, {})


def test_settings_that_are_wrong_together_are_refused(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("x")
    assert "smtp_tls_key" in fault(tmp_path, 'smtp_tls_cert = "cert.pem"')
    assert "outgoing_password" in fault(tmp_path, 'outgoing_host = "mail.example"\noutgoing_user = "hp"')
    clear = 'outgoing_host = "mail.example"\noutgoing_user = "hp"\noutgoing_password = "geheim"'
    assert "in clear" in fault(tmp_path, clear)
    assert written(tmp_path, clear.replace("mail.example", "127.0.0.1")).outgoing_user == "hp"
    assert "one way only" in fault(tmp_path, 'outgoing_host = "a.example"\noutgoing_maildir = "box"')


def test_a_secret_stands_in_no_repr_and_no_complaint(tmp_path: Path) -> None:
    """S21."""
    config = written(
        tmp_path,
        'database_url = "postgresql://hp:kanari@db/hp"\noutgoing_user = "u"\noutgoing_password = "kanari"\n'
        'outgoing_security = "tls"\n',
    )
    assert "kanari" not in repr(config)
    assert "kanari" not in fault(tmp_path, 'database_url = "psql://hp:kanari@db"')
    assert "kanari" not in fault(tmp_path, 'outgoing_pasword = "kanari"')
    assert "kanari" not in fault(tmp_path, 'outgoing_password = ["kanari"]')


def test_sizes_may_be_written_with_a_unit(tmp_path: Path) -> None:
    assert written(tmp_path, 'mail_size_limit = "25 MB"').mail_size_limit == 25_000_000


def test_paths_begin_at_the_folder(tmp_path: Path) -> None:
    config = written(tmp_path, 'data = "store"\nfolder_watch = ["in", "/var/mail/it"]\nlmtp_listen = "unix:lmtp.sock"')
    assert config.data == tmp_path / "store"
    assert config.folder_watch == (tmp_path / "in", Path("/var/mail/it"))
    assert config.lmtp_listen == f"unix:{tmp_path}/lmtp.sock"


def test_addresses_are_compared_with_networks() -> None:
    networks = (ip_network("10.0.0.0/8"), ip_network("::1/128"))
    assert is_within("10.1.2.3", networks)
    assert is_within("::ffff:10.1.2.3", networks)
    assert is_within("::1%lo", networks)
    assert not is_within("11.1.2.3", networks)
    assert not is_within("", networks)
    assert split_listen("[::1]:2525") == ("::1", 2525)
