"""The registry as MLflow's client sees it: its calls, answered from versions, aliases and tags.

One subject a file; `routes` has the table of all calls. Nothing is kept here that the chain of
events does not say, but drafts: what a run logged before a version was made of it (`drafts`).
"""
