"""The URL of the broker: its forms, what is refused in one line, and that no password is repeated."""

from __future__ import annotations

import pytest

from farm.broker_url import BrokerUrl, read_broker_url
from farm.errors import ConfigError

SECRET = "s3cr3t"


def read(url: str) -> BrokerUrl:
    return read_broker_url(url, "FARM_BROKER_URL")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("redis://host", BrokerUrl("redis", (("host", 6379),))),
        ("redis://farm@host:6380/2", BrokerUrl("redis", (("host", 6380),), user="farm", database=2)),
        ("rediss://:p%40ss%2F@host/0", BrokerUrl("rediss", (("host", 6379),), password="p@ss/")),
        ("redis://:p@ss@host/0", BrokerUrl("redis", (("host", 6379),), password="p@ss")),
        ("redis://u:p:q@[::1]:7/1", BrokerUrl("redis", (("::1", 7),), user="u", password="p:q", database=1)),
        ("redis+socket:///run/b.sock?virtual_host=3", BrokerUrl("redis+socket", socket="/run/b.sock", database=3)),
        ("sentinel://a,b:26380", BrokerUrl("sentinel", (("a", 26379), ("b", 26380)), master="mymaster")),
        ("sentinels://u:p@a,b,c/prod/2",
         BrokerUrl("sentinels", (("a", 26379), ("b", 26379), ("c", 26379)), "u", "p", 2, "prod")),
        ("sentinel://:p@a:1;sentinel://:p@b:2/0",
         BrokerUrl("sentinel", (("a", 1), ("b", 2)), password="p", master="mymaster")),
        ("sentinel://a;b/main", BrokerUrl("sentinel", (("a", 26379), ("b", 26379)), master="main")),
    ],
)  # fmt: skip
def test_the_parts_of_a_url(url: str, found: BrokerUrl) -> None:
    assert read(url) == found


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "not a Redis URL"),
        ("localhost:6379", "not a Redis URL"),
        ("amqp://host", "amqp://... is not a Redis URL"),
        ("rediscluster://a:1,b:2", "a Redis in cluster mode"),
        ("redis+cluster://a:1", "a Redis in cluster mode"),
        ("redis://a:1,b:2/0", "2 servers; farm uses one Redis"),
        ("redis://a:1/0;redis://b:2/0", "a list of URLs; farm uses one Redis"),
        ("redis://a:1/0,redis://b:2/0", "a list of URLs; farm uses one Redis"),
        ("redis://a:1;b:2/0", "no HOST:PORT is in it"),
        ("redis://a/0?ssl_cert_reqs=none", "options in the URL"),
        ("redis://a/?db=3", "options in the URL"),
        ("sentinel://a,b/m/0?master_name=x", "options in the URL"),
        ("redis://a/db0", "not the number of a database"),
        ("redis://a/0/1", "not the number of a database"),
        ("sentinel://a/m/x/0", "not the number of a database"),
        ("redis:///0", "no HOST:PORT is in it"),
        ("redis://a:99999/0", "no HOST:PORT is in it"),
        ("redis+socket://run/b.sock", "not the path of a unix socket"),
        ("redis+socket:///run/b.sock?password=x", "not the path of a unix socket"),
        (f"redis://:{SECRET}/x@host/0", "the password has a character that a URL cannot hold as it is"),
        (f"redis://u:{SECRET}#x@host:1/0", "write %40 for @, %2F for /"),
        (f"redis://:x?{SECRET}@host", "FARM_BROKER_PASSWORD_FILE"),
        (f"redis://:[{SECRET}/@host", "the password has a character"),
        (f"sentinel://:a,{SECRET}@host", "its password is not encoded"),
        (f"sentinel://:{SECRET}@a,:other@b", "different credentials"),
        (f"redis://:{SECRET}", "no HOST:PORT is in it"),
        (f"{SECRET}://host", "not a Redis URL"),
    ],
)
def test_a_mistake_is_one_line_and_repeats_no_password(url: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(url)
    text = str(caught.value)
    assert text.startswith("FARM_BROKER_URL: ") and said in text and "\n" not in text
    assert SECRET not in text and caught.value.exit_code == 2


def test_what_is_shown_has_no_credentials() -> None:
    assert read(f"redis://u:{SECRET}@host:1/2").shown == "redis://host:1/2"
    assert read(f"sentinel://u:{SECRET}@a,b/m").shown == "sentinel://a:26379,b:26379/m/0"
    assert read("redis+socket:///x?virtual_host=0").shown == "redis+socket:///x"


def test_celery_gets_a_url_for_each_sentinel() -> None:
    assert read("sentinels://u:p%2F@a,b:1/m/3").celery == "sentinel://u:p%2F@a:26379/3;sentinel://u:p%2F@b:1/3"
    assert read("redis://a").with_password("x@").celery == "redis://:x%40@a:6379/0"
    assert read("redis://:own@a").with_password("other").password == "own"


def test_sentinels_are_never_local() -> None:
    assert read("redis://127.0.0.1").local and read("redis+socket:///x").local
    assert not read("sentinel://127.0.0.1").local and not read("redis://10.0.0.1").local
