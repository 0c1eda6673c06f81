#: func = "depth"
#: tests = [["[3, 9, 20, null, null, 15, 7]", "3"]]
class TreeNode:
    def __init__(self, val=0, left=None, right=None):
        self.val, self.left, self.right = val, left, right


class Solution:
    def depth(self, values):
        def build(i):
            if i >= len(values) or values[i] is None:
                return None
            return TreeNode(values[i], build(2 * i + 1), build(2 * i + 2))

        def measure(node):
            return 0 if node is None else 1 + max(measure(node.left), measure(node.right))

        return measure(build(0))
