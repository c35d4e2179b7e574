import tensorflow as tf

x = tf.constant([0.5, 1.0, 1.5, 2.5])
y = tf.constant([1.1, 2.3, 3.0, 5.2])
m, c = tf.Variable(0.0), tf.Variable(0.5)


def loss():
    return tf.reduce_mean(tf.square(m * x + c - y))


for _ in range(20):
    with tf.GradientTape() as tape:
        value = loss()
    m.assign_sub(0.1 * tape.gradient(value, m))
    with tf.GradientTape() as tape:
        value = loss()
    c.assign_sub(0.1 * tape.gradient(value, c))
print(m.numpy(), c.numpy())
