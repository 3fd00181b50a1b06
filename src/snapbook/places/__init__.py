"""From a folder or an address to its Repository: the only room that knows every engine."""

from snapbook.places.form import create as create
from snapbook.places.opening import find_repository as find_repository
from snapbook.places.opening import make_repository as make_repository
from snapbook.places.opening import open_bucket as open_bucket
from snapbook.places.opening import open_folder as open_folder
from snapbook.places.opening import open_objects as open_objects
from snapbook.places.opening import open_registry as open_registry
from snapbook.places.serving import Served as Served
from snapbook.places.serving import served as served
from snapbook.places.where import NAME as NAME
from snapbook.places.where import Place as Place
from snapbook.places.where import has_versions as has_versions
from snapbook.places.where import outside_folder as outside_folder
from snapbook.places.where import place as place
