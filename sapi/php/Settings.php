<?php

declare(strict_types=1);

namespace Rserverd;

/**
 * What the glue must know of the configuration. Read twice: while booting, with what ini and command line say, and in
 * every worker, when config/laravels.php has been taken into account.
 */
final class Settings
{
    /**
     * @param list<string> $cleaners
     * @param list<string> $registerProviders
     * @param list<string> $keptControllers
     * @param list<string> $providersOnWorker
     * @param list<string> $providersInRequest
     * @param list<string> $providersIgnored
     */
    private function __construct(
        public readonly string $basePath,
        public readonly string $framework,
        public readonly string $entry,
        public readonly bool $bootInManager,
        public readonly array $cleaners,
        public readonly array $registerProviders,
        public readonly bool $destroyControllers,
        public readonly array $keptControllers,
        public readonly string $environment,
        public readonly string $version,
        public readonly string $server,
        public readonly string $documentRoot,
        public readonly string $isolation,
        public readonly array $providersOnWorker,
        public readonly array $providersInRequest,
        public readonly array $providersIgnored,
    ) {
    }

    public static function read(): self
    {
        $s = settings();

        return new self(
            $s['base_path'],
            $s['framework'],
            $s['entry'],
            $s['boot'] === 'manager',
            array_values(array_unique($s['cleaners'])),
            array_values(array_unique($s['register_providers'])),
            $s['destroy_controllers'],
            $s['destroy_controllers_excluded'],
            $s['environment'],
            $s['x_version'],
            $s['server'],
            $s['document_root'],
            $s['isolation'],
            $s['providers_on_worker'],
            $s['providers_in_request'],
            $s['providers_ignore'],
        );
    }
}
