"""The Catalog over HTTP keeps what every Catalog keeps."""

import pytest
from contracts.catalog_contract import CatalogContract

from snapbook.catalog.files import FileCatalog

pytestmark = pytest.mark.slow  # it waits for what runs beside it


class TestHttpCatalog(CatalogContract):
    @pytest.fixture
    def catalog(self, registry, remote):
        self.registry = registry
        return remote.catalog

    def again(self, catalog):
        return self.registry.remote().catalog

    def path(self, n):
        return FileCatalog(self.registry.folder / "events").path(n)

    def rewrite(self, catalog, n, change):
        path = self.path(n)
        data = change(path.read_bytes())
        path.unlink()
        path.write_bytes(data)

    def remove(self, catalog, n):
        self.path(n).unlink()
