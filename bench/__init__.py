"""Programs that measure the floor, and the results that they printed (`results/`).

`python -m bench` runs them all; `bench.setup_time` and `bench.engine_cost` run alone and take
options. They decide what is measured and what counts as good enough; never how the floor works.
"""
