"""The classes of scikit-learn that a pickle may hold and still be read without trust: exact names.

Chosen by what they do once they are loaded: they keep numbers, texts and each other, call nothing
that they were given, read no file, and hand what they keep to no compiled code that takes its word
for sizes. Where there is such code, all that it believes is compared first, or made anew: trees,
support vectors, neighbours, histogram boosting. Hence nothing that takes a function. A name that
moved in another release is not in the list, and needs trust.
"""

from __future__ import annotations

from snapbook.flavors import boosted, neighbours, searched, supports

_BY_MODULE = {
    "sklearn.pipeline": "Pipeline FeatureUnion",
    "sklearn.compose._column_transformer": "ColumnTransformer",
    "sklearn.dummy": "DummyClassifier DummyRegressor",
    "sklearn.linear_model._base": "LinearRegression",
    "sklearn.linear_model._ridge": "Ridge RidgeClassifier RidgeCV RidgeClassifierCV",
    "sklearn.linear_model._logistic": "LogisticRegression LogisticRegressionCV",
    "sklearn.linear_model._coordinate_descent": "Lasso ElasticNet LassoCV ElasticNetCV",
    "sklearn.linear_model._least_angle": "Lars LarsCV",
    "sklearn.linear_model._bayes": "BayesianRidge ARDRegression",
    "sklearn.linear_model._huber": "HuberRegressor",
    "sklearn.linear_model._theil_sen": "TheilSenRegressor",
    "sklearn.linear_model._quantile": "QuantileRegressor",
    "sklearn.linear_model._omp": "OrthogonalMatchingPursuit",
    "sklearn.linear_model._stochastic_gradient": "SGDClassifier SGDRegressor",
    "sklearn.linear_model._perceptron": "Perceptron",
    "sklearn.linear_model._passive_aggressive": (
        "PassiveAggressiveClassifier PassiveAggressiveRegressor"
    ),
    "sklearn.svm._classes": "LinearSVC LinearSVR",
    "sklearn.naive_bayes": "GaussianNB MultinomialNB BernoulliNB ComplementNB CategoricalNB",
    "sklearn.discriminant_analysis": ("LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis"),
    "sklearn.neural_network._multilayer_perceptron": "MLPClassifier MLPRegressor",
    "sklearn.neural_network._stochastic_optimizers": "AdamOptimizer SGDOptimizer",
    "sklearn.tree._classes": (
        "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor"
    ),
    "sklearn.ensemble._forest": (
        "RandomForestClassifier RandomForestRegressor ExtraTreesClassifier ExtraTreesRegressor"
    ),
    "sklearn.ensemble._gb": "GradientBoostingClassifier GradientBoostingRegressor",
    "sklearn.ensemble._weight_boosting": "AdaBoostClassifier AdaBoostRegressor",
    "sklearn.ensemble._voting": "VotingClassifier VotingRegressor",
    "sklearn.ensemble._stacking": "StackingClassifier StackingRegressor",
    "sklearn.calibration": "CalibratedClassifierCV _CalibratedClassifier _SigmoidCalibration",
    "sklearn.multiclass": "OneVsRestClassifier OneVsOneClassifier _ConstantPredictor",
    "sklearn.multioutput": "MultiOutputClassifier MultiOutputRegressor",
    "sklearn.preprocessing._data": (
        "StandardScaler MinMaxScaler MaxAbsScaler RobustScaler Normalizer Binarizer"
        " QuantileTransformer PowerTransformer"
    ),
    "sklearn.preprocessing._polynomial": "PolynomialFeatures",
    "sklearn.preprocessing._encoders": "OneHotEncoder OrdinalEncoder",
    "sklearn.preprocessing._label": "LabelEncoder LabelBinarizer",
    "sklearn.preprocessing._discretization": "KBinsDiscretizer",
    "sklearn.impute._base": "SimpleImputer MissingIndicator",
    "sklearn.feature_selection._variance_threshold": "VarianceThreshold",
    "sklearn.decomposition._pca": "PCA",
    "sklearn.decomposition._truncated_svd": "TruncatedSVD",
    "sklearn.decomposition._factor_analysis": "FactorAnalysis",
    "sklearn.mixture._gaussian_mixture": "GaussianMixture",
    "sklearn._loss.link": (
        "Interval IdentityLink LogLink LogitLink HalfLogitLink MultinomialLogit"
    ),
    "sklearn._loss.loss": (
        "HalfBinomialLoss HalfMultinomialLoss ExponentialLoss HalfSquaredError AbsoluteError"
        " HalfPoissonLoss HalfGammaLoss PinballLoss"
    ),
    "sklearn.model_selection._split": (
        "KFold StratifiedKFold GroupKFold StratifiedGroupKFold ShuffleSplit StratifiedShuffleSplit"
        " GroupShuffleSplit TimeSeriesSplit LeaveOneOut LeaveOneGroupOut PredefinedSplit"
    ),
}
CLASSES = frozenset(
    f"{module}:{name}" for module, names in _BY_MODULE.items() for name in names.split()
).union(boosted.CLASSES, neighbours.CLASSES, searched.CLASSES, supports.CLASSES)
# Compiled, without a state but for a number or two, which they check.
COMPILED = frozenset(
    {f"sklearn._loss._loss:Cy{name}" for name in (
        "HalfBinomialLoss", "HalfMultinomialLoss", "ExponentialLoss", "HalfSquaredError",
        "AbsoluteError", "HalfPoissonLoss", "HalfGammaLoss",
    )}
    | {f"sklearn.linear_model._sgd_fast:{name}" for name in (
        "Hinge", "SquaredHinge", "Log", "Huber", "ModifiedHuber", "SquaredLoss",
        "EpsilonInsensitive", "SquaredEpsilonInsensitive",
    )}
    | {f"sklearn._loss._loss:{name}" for name in (
        "CyHuberLoss", "CyPinballLoss",
    )}
)  # fmt: skip
BUNCH = "sklearn.utils._bunch:Bunch"  # a table whose names are attributes, too
TREE = "sklearn.tree._tree:Tree"  # compiled; its indices are looked at
GROWN = "sklearn.tree._classes"  # whose estimators have one
FORESTS = frozenset({"sklearn.ensemble._forest", "sklearn.ensemble._gb"})  # of many of these
# Types that stand for themselves: what numbers are to be made.
TYPES = frozenset(
    f"numpy:{name}"
    for name in (
        "float64", "float32", "int64", "int32", "int16", "int8", "uint8", "uint16", "uint32",
        "uint64", "bool", "bool_",
    )
)  # fmt: skip
