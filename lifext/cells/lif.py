"""The leaky integrate-and-fire cell of the published code, by its Runge-Kutta scheme of two slopes."""
from __future__ import annotations

# a cell's equations as the compiled step is made of them; the functions are those of `equations.pxd`
CORE = {
    "parameters": ["leak_g", "v_leak", "v_threshold", "v_reset", "dt_over_2c"],
    # at the end of a step, when the currents through the receptors are known anew
    "correct": ["v = heun_step_by(v, i_known, -i_synaptic, dt_over_2c)"],
    # where a neuron is that a refractory period holds
    "held": "v_reset",
    # the first slope, and the potential at which the second is taken
    "begin": ["slope = net_current(i_ext, leak_current(leak_g, v, v_leak), i_synaptic)",
              "v_stage = heun_stage(v, slope, dt)"],
    # the second slope, and the potential a step ahead
    "move": ["v = heun_step_by(v_start, slope, net_current(i_ext, leak_current(leak_g, v_stage, v_leak), i_synaptic), "
             "dt_over_2c)"],
    "crossed": "v >= v_threshold",
}
