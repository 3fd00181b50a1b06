"""What pages in a browser are told: lists, versions, cells, differences, as JSON data.

One function a question. The Jupyter server asks them for the sidebar and a registry for its web
page, so that both show the same. Nothing here unpickles or executes.
"""
