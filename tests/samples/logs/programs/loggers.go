package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"

	"github.com/rs/zerolog"
	"github.com/sirupsen/logrus"
	"go.uber.org/zap"
	"k8s.io/klog"
)

var broken = errors.New("lease expired")

func zapped(config zap.Config) {
	config.OutputPaths = []string{"stdout"}
	config.Level = zap.NewAtomicLevelAt(zap.DebugLevel)
	logger, _ := config.Build()
	logger.Debug("balance 100")
	logger.Info("GET /errors/list 200", zap.Int("errors", 0), zap.Error(nil))
	logger.Info("the error was handled", zap.String("error", "expected"))
	logger.Warn("disk is slow")
	logger.Error("could not settle", zap.Error(broken))
	func() {
		defer func() { recover() }()
		logger.Panic("ledger is gone")
	}()
	logger.DPanic("impossible state")
	logger.Info("serving again")
}

func zerologged(logger zerolog.Logger) {
	logger.Trace().Msg("balance 100")
	logger.Debug().Msg("balance 100")
	logger.Info().Int("errors", 0).Err(nil).Msg("GET /errors/list 200")
	logger.Info().Str("error", "expected").Msg("the error was handled")
	logger.Warn().Msg("disk is slow")
	logger.Error().Err(broken).Msg("could not settle")
	func() {
		defer func() { recover() }()
		logger.Panic().Msg("ledger is gone")
	}()
	logger.WithLevel(zerolog.FatalLevel).Msg("no quorum")
	logger.Log().Msg("without a level")
	logger.Info().Msg("serving again")
}

func logrused(logger *logrus.Logger) {
	logger.SetOutput(os.Stdout)
	logger.SetLevel(logrus.TraceLevel)
	logger.Trace("balance 100")
	logger.Debug("balance 100")
	logger.WithField("errors", 0).Info("GET /errors/list 200")
	logger.WithField("error", "expected").Info("the error was handled")
	logger.Warn("disk is slow")
	logger.WithError(broken).Error("could not settle")
	func() {
		defer func() { recover() }()
		logger.Panic("ledger is gone")
	}()
	logger.Info("serving again")
}

func slogged(logger *slog.Logger) {
	logger.Debug("balance 100")
	logger.Info("GET /errors/list 200", "errors", 0, "error", nil)
	logger.Info("the error was handled", slog.Group("request", "error", "expected"))
	logger.Warn("disk is slow")
	logger.Error("could not settle", "error", broken)
	logger.Log(context.Background(), slog.LevelError+2, "could not settle at all")
	logger.Log(context.Background(), slog.LevelDebug-4, "very fine")
	logger.Info("serving again")
}

func main() {
	switch os.Args[1] {
	case "zap":
		zapped(zap.NewProductionConfig())
	case "zap-console":
		zapped(zap.NewDevelopmentConfig())
	case "zerolog":
		zerolog.SetGlobalLevel(zerolog.TraceLevel)
		zerologged(zerolog.New(os.Stdout).With().Timestamp().Logger())
	case "zerolog-console":
		zerolog.SetGlobalLevel(zerolog.TraceLevel)
		zerologged(zerolog.New(zerolog.ConsoleWriter{Out: os.Stdout}).With().Timestamp().Logger())
	case "logrus":
		logrused(logrus.New())
	case "logrus-json":
		logger := logrus.New()
		logger.SetFormatter(&logrus.JSONFormatter{})
		logrused(logger)
	case "logrus-colour":
		logger := logrus.New()
		logger.SetFormatter(&logrus.TextFormatter{ForceColors: true})
		logrused(logger)
	case "slog":
		slogged(slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug - 8})))
	case "slog-json":
		slogged(slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug - 8, AddSource: true})))
	case "slog-default":
		slog.SetLogLoggerLevel(slog.LevelDebug - 8)
		slogged(slog.Default())
	case "klog":
		klog.InitFlags(nil)
		klog.Info("GET /errors/list 200")
		klog.Info("the error was handled")
		klog.Warning("disk is slow")
		klog.Errorf("could not settle: %v", broken)
		klog.Fatal("no quorum")
	case "log":
		log.Print("GET /errors/list 200")
		log.Print("no errors found")
		log.Printf("could not settle: error: %v", broken)
		log.Fatal(fmt.Errorf("no quorum: %w", broken))
	}
}
