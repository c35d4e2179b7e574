import numpy as np
import tensorflow as tf

tf = tf.compat.v1
tf.disable_v2_behavior()
train_X = np.asarray([3.3, 4.4, 5.5, 6.7, 2.1], dtype=np.float32)
train_Y = np.asarray([1.7, 2.7, 2.0, 3.2, 1.2], dtype=np.float32)
W = tf.Variable(0.3, name="weight")
b = tf.Variable(-0.2, name="bias")
cost = tf.reduce_sum(tf.pow(W * train_X + b - train_Y, 2)) / (2 * len(train_X))
optimizer = tf.train.GradientDescentOptimizer(learning_rate=0.01).minimize(cost)
session = tf.Session()
session.run(tf.global_variables_initializer())
for epoch in range(50):
    session.run(optimizer)
print(session.run(W), session.run(b))
