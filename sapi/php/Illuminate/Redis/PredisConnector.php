<?php

declare(strict_types=1);

namespace Rserverd\Illuminate\Redis;

use Illuminate\Redis\Connectors\PredisConnector as Framework;

/** The framework's, with connections that are watched where the configuration does not name others. */
final class PredisConnector extends Framework
{
    private const SCHEMES = ['tcp', 'unix', 'tls', 'redis', 'rediss'];

    public function connect(array $config, array $options)
    {
        return parent::connect($config, self::watched($options));
    }

    public function connectToCluster(array $config, array $clusterOptions, array $options)
    {
        return parent::connectToCluster($config, $clusterOptions, self::watched($options));
    }

    /**
     * @param array<string, mixed> $options
     * @return array<string, mixed>
     */
    private static function watched(array $options): array
    {
        $given = $options['connections'] ?? [];
        if (is_array($given)) {
            $options['connections'] = $given + array_fill_keys(self::SCHEMES, PredisLink::class);
        }

        return $options;
    }
}
