"""The process's settings: flags and environment (`LPL_...`)."""

import json
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import URL

from store import broker_address
from store.data_folder import DATABASE_FILE, DATASETS, absolute, default_data_dir
from store.database.address import parsed_url
from store.errors import StoreError

SECRETS = ("admin_key", "database_url", "database_password", "broker_url", "broker_password", "mlflow_token")
PASSWORDS = ("database_password", "broker_password", "mlflow_token")
OWN_PATHS = ("v1", "docs", "assets", "healthz", "readyz", "metrics", "openapi.json")
TOKEN = re.compile(r"[!-~]+")
PREFIX = re.compile(r"(?:/[\w.~-]+)*/?", re.ASCII)


class Settings(BaseSettings):
    """Settings of every process of the service; `lpl settings` lists them."""

    model_config = SettingsConfigDict(env_prefix="LPL_", extra="ignore", env_ignore_empty=True)

    host: str = Field("127.0.0.1", description="address the API listens on; any but loopback needs an API key")
    port: int = Field(8000, ge=0, le=65535, description="port of the API; 0 takes a free one")
    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="data sets, the embedded database, scratch files; empty: ./lpl-data where that is in use, "
        "else a folder of the user's",
    )
    weights_dir: Path | None = Field(
        None,
        description="folder of the pretrained weights and word vectors that specs name, local files alone; "
        "empty: `weights` in the data directory",
    )
    database_url: str | None = Field(None, description="SQLAlchemy URL; empty: SQLite in the data directory")
    database_password: SecretStr | None = Field(None, description="password of the database, beside its URL")
    database_password_file: Path | None = Field(None, description="file that holds the password of the database")
    broker_url: str | None = Field(None, description="Redis URL of Celery's broker; empty: bundled (serve) or none")
    broker_password: SecretStr | None = Field(None, description="password of the broker, beside its URL")
    broker_password_file: Path | None = Field(None, description="file that holds the password of the broker")
    lease_seconds: float = Field(60.0, gt=0, le=86_400, description="how long a silent worker keeps its run")
    sweep_seconds: float = Field(10.0, gt=0, le=3_600, description="how often expired leases are looked for")
    poll_seconds: float = Field(20.0, gt=0, le=3_600, description="how often a worker asks the database unasked")
    grace_seconds: float = Field(30.0, ge=0, le=3_600, description="time a trainer has to write its last checkpoint")
    cores: int | None = Field(None, ge=1, le=4096, description="CPU cores that a trainer computes with; empty: all")
    data_workers: int | None = Field(
        None,
        ge=0,
        le=256,
        description="processes that read image files for a trainer; empty: all cores but one, at most 16, on an "
        "accelerator, and none on a CPU, where the trainer reads them itself",
    )
    image_memory_bytes: int = Field(
        2**33, ge=0, description="decoded images that a trainer may hold in memory; more are read in each epoch"
    )
    cache_bytes: int = Field(
        2**36, ge=0, description="image pixels that may be kept in the data directory, where a spec asks for a cache"
    )
    pack: int = Field(
        1, ge=1, le=64, description="runs of one job that may train in one process; 1: each run has its own"
    )
    max_runs_per_job: int = Field(10_000, ge=1, le=1_000_000, description="largest number of runs in one job")
    max_queued_runs: int = Field(20_000, ge=1, description="runs of one API key that may wait or be paused at once")
    requests_per_minute: int = Field(1_200, ge=0, description="requests of one API key a minute; 0 for no limit")
    audit_days: float = Field(90.0, gt=0, le=36_500, description="how long the audit log is kept")
    max_body_bytes: int = Field(4_000_000, ge=1_000, description="largest JSON body of a request")
    export_seconds: float = Field(
        300.0, gt=0, le=3_600, description="time that the export of a trained network may take"
    )
    export_memory_bytes: int = Field(
        2**32, ge=2**28, description="memory that the process of an export may take, on Linux"
    )
    predict_seconds: float = Field(30.0, gt=0, le=3_600, description="longest time a prediction may take")
    predict_memory_bytes: int = Field(2**31, ge=2**20, description="memory a prediction's process may have (Linux)")
    max_upload_bytes: int = Field(2**33, ge=1_000, description="largest upload of a data set")
    max_upload_files: int = Field(
        250_000,
        ge=1,
        le=1_000_000,
        description="files and folders in an uploaded archive; those of large ones take memory",
    )
    max_unpacked_bytes: int = Field(2**35, ge=1_000, description="largest sum of the files in an uploaded archive")
    max_unpacked_ratio: int = Field(
        100, ge=1, description="how many times its size an uploaded archive may unpack to, above 256 MiB"
    )
    max_upload_array_bytes: int = Field(
        2**31, ge=1_000, description="largest sum of the arrays in an uploaded .npz: they are read into memory"
    )
    uploads_per_key: int = Field(2, ge=1, le=100, description="uploads of one API key at once, in each API process")
    body_seconds: float = Field(
        30.0, gt=0, le=3_600, description="time a request's head and its body each have to arrive"
    )
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        default_factory=list, description="host names accepted beside loopback: a.example,b.example or a JSON list"
    )
    public_url: str | None = Field(
        None, description="address that browsers use where a proxy stands before the API: https://lpl.example.org/lpl"
    )
    trusted_proxies: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="addresses or networks whose X-Forwarded-For and X-Forwarded-Proto are believed: 10.0.0.0/8,::1",
    )
    mlflow_url: str | None = Field(
        None, description="MLflow tracking server that metrics are mirrored to: http://mlflow.example.org:5000"
    )
    mlflow_token: SecretStr | None = Field(None, description="bearer token for the MLflow server")
    mlflow_token_file: Path | None = Field(None, description="file that holds the token for the MLflow server")
    webhook_allow: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="networks that webhooks may lie in beside public addresses: 10.1.0.0/16,::1/128",
    )
    admin_key: SecretStr | None = Field(None, description="first API key, with all scopes")
    admin_key_file: Path | None = Field(None, description="file that holds the first API key")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="debug, info, warning or error")

    @field_validator("host")
    @classmethod
    def _without_brackets(cls, host: str) -> str:
        """`[::1]`, as URLs write it, is the address `::1`."""
        return host[1:-1] if host.startswith("[") and host.endswith("]") else host

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower_case(cls, level: Any) -> Any:
        """`INFO`, as Python writes it, is `info`."""
        return level.strip().lower() if isinstance(level, str) else level

    @field_validator("public_url")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        """An address of web pages, without a slash at its end."""
        return None if url is None else public_address(url)

    @field_validator("mlflow_url")
    @classmethod
    def _server(cls, url: str | None) -> str | None:
        """An address of a server, without a slash at its end."""
        return None if url is None else server_address(url)

    @field_validator("trusted_proxies", "webhook_allow")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        """Addresses and networks."""
        return [str(ip_network(each, strict=False)) for each in value]

    @field_validator("allowed_hosts", "trusted_proxies", "webhook_allow", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        """Names from the environment, with commas between them or as a JSON list."""
        if not isinstance(value, str):
            return value
        if not value.lstrip().startswith("["):
            return [name.strip() for name in value.split(",") if name.strip()]
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError('give names with commas between them, or a JSON list: ["a.example"]') from None

    @model_validator(mode="after")
    def _absolute_data_dir(self) -> Self:
        self.data_dir = absolute(self.data_dir)
        self.weights_dir = self.weights_dir and absolute(self.weights_dir)
        return self

    @model_validator(mode="after")
    def _addresses_with_passwords(self) -> Self:
        """Read the files of passwords, and see that both addresses can be read."""
        try:
            for name in PASSWORDS:
                secret = getattr(self, name) or read_secret(getattr(self, f"{name}_file"), f"{name}_file")
                setattr(self, name, secret)
            _ = self.database, self.broker
        except StoreError as error:
            raise ValueError(str(error)) from error
        return self

    @model_validator(mode="after")
    def _token_fits_a_header(self) -> Self:
        """See that the token, also one from a file, can be sent."""
        if self.mlflow_token is not None and not TOKEN.fullmatch(self.mlflow_token.get_secret_value()):
            raise ValueError("LPL_MLFLOW_TOKEN: give the token alone, in ASCII and without spaces")
        return self

    @property
    def database(self) -> URL:
        """The address of the database in force.

        Raises:
            StoreError: it cannot be read.
        """
        if self.database_url is None:
            return URL.create("sqlite", database=str(self.data_dir / DATABASE_FILE))
        url, password = parsed_url(self.database_url), self.database_password
        if password is None or url.get_backend_name() == "sqlite":
            return url
        return url.set(password=password.get_secret_value())

    @property
    def broker(self) -> str | None:
        """The broker's URL with its password; never log it.

        Raises:
            StoreError: it cannot be read.
        """
        password = None if self.broker_password is None else self.broker_password.get_secret_value()
        return None if self.broker_url is None else broker_address.checked(self.broker_url, password)

    @property
    def cache_dir(self) -> Path:
        """Where pixels of image files are kept from one pass to the next."""
        return self.data_dir / "cache"

    @property
    def datasets_dir(self) -> Path:
        """Where data sets lie."""
        return self.data_dir / DATASETS

    def first_key(self) -> str | None:
        """The first API key, from the environment or its file.

        Raises:
            StoreError: the file cannot be read.
        """
        secret = self.admin_key or read_secret(self.admin_key_file, "admin_key_file")
        return None if secret is None else secret.get_secret_value().strip() or None


def public_address(url: str) -> str:
    """The address of web pages without a slash at its end.

    Raises:
        ValueError: it is none, or this service has addresses of its own below its path.
    """
    parts = urlsplit(url)
    odd = parts.query or parts.fragment or parts.username is not None or not PREFIX.fullmatch(parts.path)
    if parts.scheme not in ("http", "https") or not parts.hostname or odd or parts.port == 0:
        raise ValueError("give the address that browsers use: https://lpl.example.org or https://example.org/lpl")
    first = parts.path.strip("/").partition("/")[0]
    if first in OWN_PATHS:
        raise ValueError(f"choose another path than /{first}: the service itself has addresses below it")
    return url.rstrip("/")


def server_address(url: str) -> str:
    """The address of another program's server without a slash at its end; it holds no secret, so it may be logged.

    Raises:
        ValueError: it is none.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise ValueError("give an address such as http://mlflow.example.org:5000") from None
    if parts.username is not None:
        raise ValueError("no name or password in the address; a token goes into LPL_MLFLOW_TOKEN")
    odd = parts.query or parts.fragment or port == 0 or not url.strip().isprintable() or " " in url.strip()
    if parts.scheme not in ("http", "https") or not parts.hostname or odd:
        raise ValueError("give an address such as http://mlflow.example.org:5000")
    return url.strip().rstrip("/")


def read_secret(file: Path | None, name: str) -> SecretStr | None:
    """The one line of a file, None where there is none.

    Raises:
        StoreError: it cannot be read.
    """
    if file is None:
        return None
    variable, remedy = f"LPL_{name.upper()}", "put the secret alone into it, one line of UTF-8 text"
    try:
        text = file.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError as error:
        raise StoreError(f"{variable}: {file} is not UTF-8 text; {remedy}") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StoreError(f"{variable}: {file} cannot be read: {reason}; {remedy}") from error
    return SecretStr(text) if text else None
